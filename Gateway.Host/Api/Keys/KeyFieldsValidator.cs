using FluentValidation;
using Gateway.Host.Keys;
using Gateway.Ledger;

namespace Gateway.Host.Api.Keys;

/// <summary>The limits of a key's fields.</summary>
internal sealed class KeyFieldsValidator : AbstractValidator<KeyFields>
{
    private const int MostItems = 100;
    private static readonly string[] Scopes = ["*", "keys:read", "keys:write", "accounts:read", "receipts:read", "members:read", "members:write", "rules:read", "rules:write", "workspace:read", "workspace:write", "evals:read", "evals:write", "audit:read"];

    public KeyFieldsValidator()
    {
        RuleFor(f => f.Name).Cascade(CascadeMode.Stop).NotEmpty().MaximumLength(100).Must(NameShapes.Printable).WithMessage("must be printable.");
        RuleFor(f => f.Kind).NotNull();
        RuleFor(f => f.MemberId).Must(static id => id!.StartsWith("mem_", StringComparison.Ordinal) && NameShapes.Id(id)).WithMessage("must begin with mem_.")
            .When(f => f.MemberId is not null);
        RuleFor(f => f.Models).Must(static models => models!.Count is >= 1 and <= MostItems).WithMessage($"must hold 1 to {MostItems}.").When(f => f.Models is not null);
        RuleForEach(f => f.Models).Must(Pattern).WithMessage("must be *, provider/*, provider/model or a model, a star only at the end.");
        RuleFor(f => f.Routes).Must(static routes => routes!.Distinct().Count() == routes!.Count).WithMessage("names a route type twice.").When(f => f.Routes is not null);
        RuleFor(f => f.IpAllowList).Must(static list => list!.Count is >= 1 and <= MostItems).WithMessage($"must hold 1 to {MostItems}.").When(f => f.IpAllowList is not null);
        RuleForEach(f => f.IpAllowList).Must(static text => KeyDocument.TryNetwork(text, out _)).WithMessage("must be a network such as 10.0.0.0/8.");
        RuleFor(f => f.Tags).Must(static tags => tags!.Count <= 16).WithMessage("may hold at most 16.").When(f => f.Tags is not null);
        RuleForEach(f => f.Tags).Must(NameShapes.Tag).WithMessage(NameShapes.TagMessage);
        RuleFor(f => f.RateLimit!.Burst).InclusiveBetween(1, 1_000_000).When(f => f.RateLimit is not null);
        RuleFor(f => f.RateLimit!.RefillPerSecond).InclusiveBetween(0, 1_000_000).When(f => f.RateLimit is not null);
        RuleFor(f => f.TokensPerMinute).InclusiveBetween(1, 1_000_000_000_000);
        RuleFor(f => f.MaxConcurrency).InclusiveBetween(1, 1_000_000);
        RuleFor(f => f.Budget!.Amount).NotNull().Must(Amounts.IsAmount).WithMessage(Amounts.Message).When(f => f.Budget is not null);
        RuleFor(f => f.Budget!.Period).NotNull().When(f => f.Budget is not null);
        RuleForEach(f => f.Scopes).Must(static scope => Scopes.Contains(scope, StringComparer.Ordinal)).WithMessage($"must be one of {string.Join(", ", Scopes)}.");
        RuleFor(f => f.Plan).MaximumLength(32).Must(NameShapes.Printable).WithMessage("must be printable.");
        When(f => f.Kind == KeyKind.Management, () =>
        {
            RuleFor(f => f.Scopes).NotEmpty();
            RuleFor(f => f.Models).Null();
            RuleFor(f => f.Routes).Null();
            RuleFor(f => f.RateLimit).Null();
            RuleFor(f => f.TokensPerMinute).Null();
            RuleFor(f => f.MaxConcurrency).Null();
            RuleFor(f => f.Budget).Null();
        }).Otherwise(() =>
        {
            RuleFor(f => f.Scopes).Null();
            RuleFor(f => f.Plan).Null();
        });
    }

    private static bool Pattern(string? text) => text is not null && (text is "*" || NameShapes.ModelName(text.EndsWith('*') ? $"{text[..^1]}x" : text));
}

/// <summary>Amounts of credits as JSON numbers.</summary>
internal static class Amounts
{
    public const string Message = "must be more than 0, at most 4000000, with at most 9 decimals.";

    /// <summary>More than zero, within what a bucket may hold, exact in nano-credits.</summary>
    public static bool IsAmount(decimal? value) =>
        value is > 0 && Credits.TryFromDecimal(value.Value, out var credits) && credits <= Credits.MaxPerBucket;

    /// <summary>The amount; call only after <see cref="IsAmount"/>.</summary>
    public static Credits Of(decimal? value) => Credits.TryFromDecimal(value ?? 0, out var credits) ? credits : throw new ArgumentOutOfRangeException(nameof(value));
}
