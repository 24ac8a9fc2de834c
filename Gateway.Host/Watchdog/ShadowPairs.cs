using System.Data.Common;
using System.Threading.Channels;
using Gateway.Ledger.Book;
using Gateway.Transforms.Watchdog;

namespace Gateway.Host.Watchdog;

/// <summary>Asks samples again, one after the other, and gives their detectors the pairs. What does not fit into the queue is not sampled.</summary>
/// <remarks>
/// Two answers of a model to one prompt are seldom alike, so a pair needs three answers: two without compression, whose likeness is the control's score,
/// and one with it, whose likeness to those two is the treated score. One of the three was given to the client: a sample costs two calls.
/// </remarks>
internal sealed partial class ShadowPairs(IShadowCaller caller, Scoring scoring, ILogger<ShadowPairs> log) : BackgroundService
{
    /// <summary>Samples that may wait.</summary>
    public const int Capacity = 16;

    /// <summary>How long both calls of a sample may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Channel<ShadowSample> waiting =
        Channel.CreateBounded<ShadowSample>(new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>Takes a sample; <c>false</c>: it is too large, or too many wait.</summary>
    public bool Offer(ShadowSample sample) => sample.Fits && waiting.Writer.TryWrite(sample);

    /// <summary>Asks a sample again and stores the pair; <c>false</c>: an answer did not come.</summary>
    public async Task<bool> PairAsync(ShadowSample sample, CancellationToken cancellationToken)
    {
        var first = sample.AnswersCompressed ? await caller.CallAsync(sample, sample.Original, cancellationToken) : sample.Answer;
        var second = first is null ? null : await caller.CallAsync(sample, sample.Original, cancellationToken);
        if (first is not { } one || second is not { } other)
            return false;

        var treated = sample.AnswersCompressed ? sample.Answer : await caller.CallAsync(sample, sample.Compressed, cancellationToken);
        if (treated is not { } compressed)
            return false;

        var control = AnswerSimilarity.Of(one.Span, other.Span);
        var likeness = (AnswerSimilarity.Of(one.Span, compressed.Span) + AnswerSimilarity.Of(other.Span, compressed.Span)) / 2;
        var pair = new ScorePair(Millionths(control), Millionths(likeness), sample.ReceiptId.CreatedAt);
        await scoring.ScorePairAsync(sample.Detector, sample.ReceiptId, sample.Key.Id, pair, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var sample in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            patience.CancelAfter(Patience);
            try
            {
                await PairAsync(sample, patience.Token);
            }
            catch (Exception exception) when (IsPassing(exception) && !stoppingToken.IsCancellationRequested)
            {
                LogNotPaired(sample.ReceiptId.ToString(), exception.Message);
            }
        }
    }

    private static bool IsPassing(Exception exception) =>
        exception is DbException or IOException or TimeoutException or HttpRequestException or OperationCanceledException;

    private static long Millionths(double score) => (long)Math.Round(score * ScoreRecord.One);

    [LoggerMessage(413, LogLevel.Warning, "The shadow pair of {ReceiptId} came to nothing: {Reason}")]
    private partial void LogNotPaired(string receiptId, string reason);
}
