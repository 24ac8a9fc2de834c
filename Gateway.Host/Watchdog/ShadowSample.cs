using Gateway.Host.Keys;
using Gateway.Ledger;
using Gateway.Ledger.Book;

namespace Gateway.Host.Watchdog;

/// <summary>An answered call that is to be asked again both ways, so that compression can be judged without anybody's feedback.</summary>
internal sealed record ShadowSample
{
    /// <summary>The longest body, and the longest answer, of a sample. Unit: bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The call that was answered.</summary>
    public required ReceiptId ReceiptId { get; init; }

    /// <summary>The key that made it; its account pays for the calls of the sample.</summary>
    public required KeySnapshot Key { get; init; }

    /// <summary>The model that it went to, <c>provider/model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The detector that gets the pair; from <see cref="ShadowSampling.Draw"/>.</summary>
    public required DetectorKey Detector { get; init; }

    /// <summary>The request without compression, a copy: as it was after all other rules.</summary>
    public required ReadOnlyMemory<byte> Original { get; init; }

    /// <summary>The request with it, a copy.</summary>
    public required ReadOnlyMemory<byte> Compressed { get; init; }

    /// <summary>What was answered: see <see cref="Transforms.Watchdog.AnswerText"/>.</summary>
    public required ReadOnlyMemory<byte> Answer { get; init; }

    /// <summary>Whether <see cref="Answer"/> is the answer to <see cref="Compressed"/>; else to <see cref="Original"/>.</summary>
    public required bool AnswersCompressed { get; init; }

    /// <summary>Whether it is small enough.</summary>
    public bool Fits => Original.Length <= MaxBytes && Compressed.Length <= MaxBytes && Answer.Length is > 0 and <= MaxBytes;
}

/// <summary>Makes the calls of a sample: each is a call of the account's like any other, with a receipt of its own that is tagged <c>gateway:shadow</c>.</summary>
internal interface IShadowCaller
{
    /// <summary>The tag of such calls: they are never sampled, held out or scored themselves.</summary>
    const string Tag = "gateway:shadow";

    /// <summary>Asks with this body, as it stands: no rule changes it, no cache answers it.</summary>
    /// <returns>The answer's text (<see cref="Transforms.Watchdog.AnswerText"/>); <c>null</c>: there was none, for whatever reason.</returns>
    Task<ReadOnlyMemory<byte>?> CallAsync(ShadowSample sample, ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}
