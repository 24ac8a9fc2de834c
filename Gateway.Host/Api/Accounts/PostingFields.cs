using FluentValidation;
using Gateway.Host.Api.Keys;
using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary>The body of <c>POST /api/packs</c>.</summary>
internal sealed record PackFields(string? Provider, string? Model, decimal? Credits, DateTimeOffset? ExpiresAt);

/// <summary>The body of <c>POST /api/top-ups</c>.</summary>
internal sealed record TopUpFields(BucketKind? Bucket, string? Currency, decimal? Amount, string? Note);

/// <summary>The limits of a pack.</summary>
internal sealed class PackFieldsValidator : AbstractValidator<PackFields>
{
    public PackFieldsValidator(TimeProvider time)
    {
        RuleFor(f => f.Provider).NotNull().Must(NameShapes.ProviderName).WithMessage(NameShapes.ProviderMessage);
        RuleFor(f => f.Model).NotNull().Must(NameShapes.ModelName).WithMessage(NameShapes.ModelMessage);
        RuleFor(f => f.Credits).Must(Amounts.IsAmount).WithMessage(Amounts.Message);
        RuleFor(f => f.ExpiresAt).Must(at => at is null || at > time.GetUtcNow()).WithMessage("must be in the future.");
    }
}

/// <summary>The limits of a top-up.</summary>
internal sealed class TopUpFieldsValidator : AbstractValidator<TopUpFields>
{
    public TopUpFieldsValidator()
    {
        RuleFor(f => f.Bucket).Must(static bucket => bucket is BucketKind.Credit or BucketKind.Wallet).WithMessage("must be credit or wallet.");
        RuleFor(f => f.Currency).Must(NameShapes.Currency).WithMessage(NameShapes.CurrencyMessage).When(f => f.Currency is not null);
        RuleFor(f => f.Amount).Must(Amounts.IsAmount).WithMessage(Amounts.Message);
        RuleFor(f => f.Note).MaximumLength(500).Must(NameShapes.Printable).WithMessage("must be printable.");
    }
}
