using System.Text.Json;
using FluentValidation;
using Gateway.Host.Api;
using Gateway.Host.Api.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Members;

/// <summary>What a member may do in the workspace.</summary>
internal enum MemberRole
{
    /// <summary>Everything, other owners included.</summary>
    Owner,

    /// <summary>Everything but owners.</summary>
    Admin,

    /// <summary>Own keys and calls.</summary>
    Member,

    /// <summary>Reads.</summary>
    Viewer,
}

/// <summary>A monthly allowance as REST shows it.</summary>
/// <param name="Amount">Credits that the member's keys may spend in a calendar month (UTC); more than zero.</param>
internal sealed record AllowanceFields(decimal? Amount);

/// <summary>The fields of a member that a client sends; also the document in the resource store (kind <c>member</c>).</summary>
internal sealed record MemberFields
{
    /// <summary>The kind in the resource store.</summary>
    public const string ResourceKind = "member";

    /// <summary>The role; a member who is made without one is <see cref="MemberRole.Member"/>.</summary>
    public MemberRole? Role { get; init; }

    /// <summary>The allowance; <c>null</c>: no limit.</summary>
    public AllowanceFields? Allowance { get; init; }

    /// <summary>Whether it is a well-formed id of a member, <c>mem_…</c>.</summary>
    public static bool IsId(string id) => id.Length > 4 && id.StartsWith("mem_", StringComparison.Ordinal) && NameShapes.Id(id);

    /// <summary>Reads a stored document.</summary>
    public static MemberFields Read(byte[] body) =>
        JsonSerializer.Deserialize<MemberFields>(body, ApiJson.Options) ?? throw new JsonException("The document of a member is null.");

    /// <summary>The document's bytes.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ApiJson.Options);

    /// <summary>What limits the member's calls.</summary>
    public static MemberLimits ToLimits(Resource resource) => new()
    {
        MemberId = resource.Id,
        Allowance = Read(resource.Body).Allowance is { Amount: { } amount } && Credits.TryFromDecimal(amount, out var credits) ? credits : null,
    };
}

/// <summary>The limits of a member's fields.</summary>
internal sealed class MemberFieldsValidator : AbstractValidator<MemberFields>
{
    public MemberFieldsValidator()
    {
        RuleFor(f => f.Role).NotNull();
        RuleFor(f => f.Allowance!.Amount).NotNull().Must(Amounts.IsAmount).WithMessage(Amounts.Message).When(f => f.Allowance is not null);
    }
}
