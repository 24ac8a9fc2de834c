using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;

namespace Gateway.Host.ProxyRules;

/// <summary>The fields of a proxy rule that a client sends or configuration declares; also the document in the resource store (kind <c>rule</c>).</summary>
internal sealed record RuleFields
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "rule";

    /// <summary>The rule type: the shape of <see cref="Config"/>.</summary>
    public string? Type { get; init; }

    /// <summary>For people. 1 to 100 printable characters; names may repeat.</summary>
    public string? Name { get; init; }

    /// <summary>The rule is for requests with this tag; <c>null</c>: for all.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether it is in force; default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Lower runs first within the type. 0 to 1,000,000; default 0.</summary>
    public int? Priority { get; init; }

    /// <summary>What the type says.</summary>
    public JsonElement? Config { get; init; }

    /// <summary>Reads a stored document.</summary>
    public static RuleFields Read(byte[] body) =>
        JsonSerializer.Deserialize<RuleFields>(body, ApiJson.Options) ?? throw new JsonException("The document of a rule is null.");

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);
}

/// <summary>The limits of a rule's fields; those of its configuration are its type's.</summary>
internal sealed class RuleFieldsValidator : AbstractValidator<RuleFields>
{
    /// <summary>The largest priority.</summary>
    public const int MostPriority = 1_000_000;

    /// <summary>The longest name.</summary>
    public const int MostNameCharacters = 100;

    public RuleFieldsValidator(RuleTypes types)
    {
        var names = string.Join(", ", types.All.Select(static type => type.Name));
        RuleFor(f => f.Type).Cascade(CascadeMode.Stop).NotEmpty().Must(type => types.Find(type) is not null).WithMessage($"must be one of {names}.");
        RuleFor(f => f.Name).Cascade(CascadeMode.Stop).NotEmpty().MaximumLength(MostNameCharacters).Must(NameShapes.Printable).WithMessage("must be printable.");
        RuleFor(f => f.Tag).Must(NameShapes.Tag).WithMessage(NameShapes.TagMessage).When(f => f.Tag is not null);
        RuleFor(f => f.Priority).InclusiveBetween(0, MostPriority);
    }
}
