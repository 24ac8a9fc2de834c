using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
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
            var id = IdOf("ch_", fields.Name!);
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
            var id = IdOf("mdl_", ModelDocument.LookupOf(fields));
            if (models.Exists(other => string.Equals(other.ResourceId, id, StringComparison.Ordinal)))
                throw new SettingException($"{path}__model", $"\"{fields.Provider}/{fields.Model}\" is declared twice.");
            models.Add(fields.ToModel(id, Source.Configuration, DateTimeOffset.UnixEpoch));
        }

        return models;
    }

    private static IEnumerable<(string Path, TFields Fields)> Read<TFields>(IConfiguration configuration, string name, IValidator<TFields> validator)
        where TFields : class
    {
        foreach (var item in configuration.GetSection(name).GetChildren())
        {
            var path = Environment(item.Path);
            TFields? fields;
            try
            {
                fields = ToJson(item).Deserialize<TFields>(ApiJson.Configuration);
            }
            catch (JsonException mistake)
            {
                var field = JsonField.Of(mistake);
                throw new SettingException(field.Length == 0 ? path : Environment($"{item.Path}:{AsSetting(field)}"), JsonField.Message(mistake));
            }

            if (fields is null)
                throw new SettingException(path, "is empty.");
            if (validator.Validate(fields).Errors.FirstOrDefault() is { } failure)
                throw new SettingException(Environment($"{item.Path}:{AsSetting(JsonField.CamelCase(failure.PropertyName))}"), failure.ErrorMessage);
            yield return (path, fields);
        }
    }

    // A section whose children are numbers is a list; everything else is an object or text.
    private static JsonNode? ToJson(IConfigurationSection section)
    {
        var children = section.GetChildren().ToArray();
        if (children.Length == 0)
            return section.Value is null ? null : JsonValue.Create(section.Value);
        if (Array.TrueForAll(children, static child => int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            return new JsonArray([.. children.OrderBy(static child => int.Parse(child.Key, CultureInfo.InvariantCulture)).Select(ToJson)]);

        var node = new JsonObject();
        foreach (var child in children)
            node[child.Key] = ToJson(child);
        return node;
    }

    private static string IdOf(string prefix, string name) =>
        string.Concat(prefix, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)));

    private static string AsSetting(string field) => field.Replace("[", ":", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Replace('.', ':');

    private static string Environment(string path) => path.Replace(":", "__", StringComparison.Ordinal);
}
