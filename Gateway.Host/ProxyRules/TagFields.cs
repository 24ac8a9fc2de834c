using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;
using Gateway.Transforms.Compression;

namespace Gateway.Host.ProxyRules;

/// <summary>The fields of a tag that a client sends.</summary>
internal sealed record TagFields
{
    /// <summary>The strength for requests with this tag: it goes before the workspace's and the rules' own. Required.</summary>
    public Strength? Compression { get; init; }
}

/// <summary>The document of a tag in the resource store (kind <c>tag</c>).</summary>
/// <param name="Tag">The tag itself.</param>
/// <param name="Fields">What the client set.</param>
internal sealed record TagDocument(string Tag, TagFields Fields)
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "tag";

    /// <summary>The id, from the workspace and the tag: two workspaces may have the same tag.</summary>
    public static string IdOf(string workspace, string tag) =>
        string.Concat("tag_", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{workspace}\n{tag}")).AsSpan(0, 16)));

    /// <summary>Reads a stored document.</summary>
    public static TagDocument Read(byte[] body) =>
        JsonSerializer.Deserialize<TagDocument>(body, ApiJson.Options) ?? throw new JsonException("The document of a tag is null.");

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);
}

/// <summary>The limits of a tag's fields.</summary>
internal sealed class TagFieldsValidator : AbstractValidator<TagFields>
{
    public TagFieldsValidator() => RuleFor(f => f.Compression).NotNull();
}
