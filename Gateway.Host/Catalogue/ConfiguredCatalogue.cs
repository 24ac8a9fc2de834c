using FluentValidation;
using Gateway.Host.Api;
using Gateway.Host.Settings;

namespace Gateway.Host.Catalogue;

/// <summary>Reads <c>Channels__N__…</c> and <c>Models__N__…</c>: the field names, limits and messages are those of REST.</summary>
internal static class ConfiguredCatalogue
{
    /// <summary>The channels; their ids come from their names, so that a changed order changes no id.</summary>
    /// <exception cref="SettingException">The first mistake.</exception>
    public static IReadOnlyList<Channel> Channels(IConfiguration configuration)
    {
        var channels = new List<Channel>();
        foreach (var (path, fields) in Read(configuration, "Channels", new ChannelFieldsValidator()))
        {
            var id = ConfiguredList.IdOf("ch_", fields.Name!);
            if (channels.Exists(other => string.Equals(other.Id, id, StringComparison.Ordinal)))
                throw new SettingException($"{path}__name", $"\"{fields.Name}\" is the name of another channel.");
            channels.Add(fields.ToChannel(id, Source.Configuration));
        }

        return channels;
    }

    /// <summary>The models.</summary>
    /// <exception cref="SettingException">The first mistake.</exception>
    public static IReadOnlyList<Model> Models(IConfiguration configuration)
    {
        var models = new List<Model>();
        foreach (var (path, fields) in Read(configuration, "Models", new ModelFieldsValidator()))
        {
            var id = ConfiguredList.IdOf("mdl_", ModelDocument.LookupOf(fields));
            if (models.Exists(other => string.Equals(other.ResourceId, id, StringComparison.Ordinal)))
                throw new SettingException($"{path}__model", $"\"{fields.Provider}/{fields.Model}\" is declared twice.");
            models.Add(fields.ToModel(id, Source.Configuration, DateTimeOffset.UnixEpoch));
        }

        return models;
    }

    private static IEnumerable<(string Path, TFields Fields)> Read<TFields>(IConfiguration configuration, string name, IValidator<TFields> validator)
        where TFields : class
    {
        foreach (var item in ConfiguredList.Items(configuration, name))
        {
            var fields = item.Read<TFields>(item.Json);
            if (validator.Validate(fields).Errors.FirstOrDefault() is { } failure)
                throw item.Mistake(JsonField.CamelCase(failure.PropertyName), failure.ErrorMessage);
            yield return (item.Path, fields);
        }
    }
}
