using FluentValidation;
using Gateway.Host.Api.Keys;
using Gateway.Ledger;

namespace Gateway.Host.Api.Accounts;

/// <summary>The body of <c>POST /api/adjustments</c>.</summary>
internal sealed record AdjustmentFields(string? Account, string? Bucket, decimal? Amount, string? Note);

/// <summary>The body of <c>POST /api/refunds</c>.</summary>
internal sealed record RefundFields(string? ReceiptId, decimal? Amount, string? Note);

/// <summary>The limits of an adjustment.</summary>
internal sealed class AdjustmentFieldsValidator : AbstractValidator<AdjustmentFields>
{
    public AdjustmentFieldsValidator()
    {
        RuleFor(f => f.Account).Must(static id => id!.StartsWith("acc_", StringComparison.Ordinal) && NameShapes.Id(id)).WithMessage("must begin with acc_.")
            .When(f => f.Account is not null);
        RuleFor(f => f.Bucket).NotNull().Must(IsBucket).WithMessage("must be the id of a bucket, bkt_… or pk_….");
        RuleFor(f => f.Amount).Must(static amount => amount is { } value && Amounts.IsAmount(Math.Abs(value)))
            .WithMessage("must be more or less than 0, at most 4000000 either way, with at most 9 decimals.");
        RuleFor(f => f.Note).NotEmpty().MaximumLength(500).Must(NameShapes.Printable).WithMessage("must be printable, 1 to 500 characters.");
    }

    private static bool IsBucket(string? id) =>
        id is not null && NameShapes.Id(id) && (id.StartsWith("bkt_", StringComparison.Ordinal) || id.StartsWith("pk_", StringComparison.Ordinal));
}

/// <summary>The limits of a refund.</summary>
internal sealed class RefundFieldsValidator : AbstractValidator<RefundFields>
{
    public RefundFieldsValidator()
    {
        RuleFor(f => f.ReceiptId).Must(static id => ReceiptId.TryParse(id, out _)).WithMessage("must be the id of a receipt, ul_….");
        RuleFor(f => f.Amount).Must(Amounts.IsAmount).WithMessage(Amounts.Message).When(f => f.Amount is not null);
        RuleFor(f => f.Note).MaximumLength(500).Must(NameShapes.Printable).WithMessage("must be printable, at most 500 characters.");
    }
}
