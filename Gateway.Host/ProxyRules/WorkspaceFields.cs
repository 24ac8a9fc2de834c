using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;
using Gateway.Transforms.Compression;

namespace Gateway.Host.ProxyRules;

/// <summary>What a workspace says about compression.</summary>
internal sealed record CompressionFields
{
    /// <summary>The kill switch: <c>false</c> turns all compression of the workspace off. Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>The strength where no tag and no rule says another. Default <c>off</c>.</summary>
    public Strength? Strength { get; init; }
}

/// <summary>The fields of a workspace that a client sends; also the document in the resource store (kind <c>workspace</c>, its own id).</summary>
internal sealed record WorkspaceFields
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "workspace";

    /// <summary>Compression.</summary>
    public CompressionFields? Compression { get; init; }

    /// <summary>The share of compressed calls that are asked a second time uncompressed, to compare. 0 to 0.05; default 0.</summary>
    public decimal? ShadowRate { get; init; }

    /// <summary>With every default filled in.</summary>
    public WorkspaceFields WithDefaults() => this with
    {
        Compression = new CompressionFields { Enabled = Compression?.Enabled ?? true, Strength = Compression?.Strength ?? Strength.Off },
        ShadowRate = ShadowRate ?? 0,
    };

    /// <summary>Reads a stored document.</summary>
    public static WorkspaceFields Read(byte[] body) =>
        JsonSerializer.Deserialize<WorkspaceFields>(body, ApiJson.Options) ?? throw new JsonException("The document of a workspace is null.");

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);
}

/// <summary>The limits of a workspace's fields.</summary>
internal sealed class WorkspaceFieldsValidator : AbstractValidator<WorkspaceFields>
{
    public WorkspaceFieldsValidator() => RuleFor(f => f.ShadowRate).InclusiveBetween(0m, 0.05m).WithMessage("must be from 0 to 0.05.");
}
