using FluentValidation;
using Gateway.Host.Watchdog;
using Gateway.Ledger;
using Gateway.Ledger.Book;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Api.Evals;

/// <summary>The body of <c>POST /api/evals</c>: one score, or <see cref="Scores"/> alone.</summary>
internal sealed record EvalFields
{
    /// <summary>The call, <c>ul_…</c>.</summary>
    public string? ReceiptId { get; init; }

    /// <summary>Who judged. A call has at most one score from each source.</summary>
    public ScoreSource? Source { get; init; }

    /// <summary>From 0 to 1, kept to a millionth.</summary>
    public decimal? Score { get; init; }

    /// <summary>Stars, 1 to 5: a score of 0 to 1.</summary>
    public int? Rating { get; init; }

    /// <summary>A score of 1 or 0.</summary>
    public bool? ThumbsUp { get; init; }

    /// <summary>Whatever the source adds. At most 500 characters.</summary>
    public string? Note { get; init; }

    /// <summary>Several scores. 1 to 1,000.</summary>
    public IReadOnlyList<EvalFields>? Scores { get; init; }

    /// <summary>The score, once the fields are valid.</summary>
    public GivenScore ToScore() => new(
        Gateway.Ledger.ReceiptId.TryParse(ReceiptId, out var id) ? id : default,
        Source ?? ScoreSource.User,
        (Score, Rating, ThumbsUp) switch
        {
            ({ } score, _, _) => (long)Math.Round(score * ScoreRecord.One, MidpointRounding.ToEven),
            (_, { } rating, _) => (rating - 1) * ScoreRecord.One / 4,
            var (_, _, up) => up is true ? ScoreRecord.One : 0,
        },
        Note);
}

/// <summary>The limits of a score.</summary>
internal sealed class EvalFieldsValidator : AbstractValidator<EvalFields>
{
    /// <summary>Most scores of one request.</summary>
    public const int MostScores = 1000;

    private const int MostNote = 500;

    public EvalFieldsValidator()
    {
        When(f => f.Scores is null, () => Include(new One())).Otherwise(() =>
        {
            RuleFor(f => f.Scores).Must(static scores => scores!.Count is >= 1 and <= MostScores).WithMessage($"must be 1 to {MostScores} scores.");
            RuleFor(f => f).Must(static f => f with { Scores = null } == new EvalFields()).OverridePropertyName("scores").WithMessage("must stand alone.");
            RuleForEach(f => f.Scores).NotNull().SetValidator(new One()).When(f => f.Scores!.Count <= MostScores);
        });
    }

    private sealed class One : AbstractValidator<EvalFields>
    {
        public One()
        {
            RuleFor(f => f.ReceiptId).Must(static id => ReceiptId.TryParse(id, out _)).WithMessage("must be the id of a receipt, ul_….");
            RuleFor(f => f.Source).NotNull().WithMessage("must be user, judge, eval or shadow.");
            RuleFor(f => f.Score).Must(static f => f is >= 0 and <= 1).WithMessage("must be from 0 to 1.").When(f => f.Score is not null);
            RuleFor(f => f.Rating).Must(static f => f is >= 1 and <= 5).WithMessage("must be from 1 to 5.").When(f => f.Rating is not null);
            RuleFor(f => f.Score).Must(static (f, _) => (f.Score is null ? 0 : 1) + (f.Rating is null ? 0 : 1) + (f.ThumbsUp is null ? 0 : 1) == 1)
                .WithMessage("is needed, or rating, or thumbsUp: one of them.");
            RuleFor(f => f.Note).MaximumLength(MostNote).Must(NameShapes.Printable).WithMessage($"must be printable, at most {MostNote} characters.");
            RuleFor(f => f.Scores).Null().WithMessage("may not stand within another.");
        }
    }
}
