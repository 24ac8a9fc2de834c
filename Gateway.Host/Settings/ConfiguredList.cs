using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Host.Api;

namespace Gateway.Host.Settings;

/// <summary>Reads lists such as <c>Channels__N__…</c> as JSON whose every value is text.</summary>
internal static class ConfiguredList
{
    /// <summary>The items in the order of their numbers.</summary>
    public static IEnumerable<ConfiguredItem> Items(IConfiguration configuration, string name) => configuration.GetSection(name).GetChildren()
        .OrderBy(static item => int.TryParse(item.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue)
        .Select(static item => new ConfiguredItem(item.Path.Replace(":", "__", StringComparison.Ordinal), ToJson(item)));

    /// <summary>An id that comes from a name, so that a changed order changes no id.</summary>
    public static string IdOf(string prefix, string name) =>
        string.Concat(prefix, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8)));

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
}

/// <summary>One item of a list.</summary>
/// <param name="Path">In its environment form, for example <c>Channels__0</c>.</param>
/// <param name="Json">What it holds; <c>null</c>: nothing.</param>
internal sealed record ConfiguredItem(string Path, JsonNode? Json)
{
    /// <summary>The item, or a part of it, as fields.</summary>
    /// <exception cref="SettingException">It has other fields, or of other types.</exception>
    public TFields Read<TFields>(JsonNode? json)
        where TFields : class
    {
        try
        {
            return json.Deserialize<TFields>(ApiJson.Configuration) ?? throw new SettingException(Path, "is empty.");
        }
        catch (JsonException mistake)
        {
            throw Mistake(JsonField.Of(mistake), JsonField.Message(mistake));
        }
    }

    /// <summary>What stops the start.</summary>
    /// <param name="field">As REST names it, for example <c>models[0].model</c>; empty: the item.</param>
    /// <param name="message">What is wrong with it.</param>
    public SettingException Mistake(string field, string message)
    {
        var parts = field.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)
            .Split('.', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new SettingException(string.Join("__", parts.Prepend(Path)), message);
    }
}
