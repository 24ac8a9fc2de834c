using Gateway.Transforms;
using Gateway.Transforms.Providers;

namespace Gateway.Host.Catalogue;

/// <summary>Which models and channels answer calls of which kind.</summary>
internal static class Serving
{
    /// <summary>Whether a model of this kind answers calls of that.</summary>
    public static bool Fits(ModelKind model, CallKind kind) => model switch
    {
        ModelKind.Chat => kind == CallKind.Chat || kind == CallKind.Responses || kind == CallKind.Messages,
        _ => KindFor(model) == kind,
    };

    /// <summary>The kind of call that a model of this kind is there for.</summary>
    public static CallKind KindFor(ModelKind model) => model switch
    {
        ModelKind.Completion => CallKind.Completion,
        ModelKind.Embedding => CallKind.Embedding,
        ModelKind.Image => CallKind.Image,
        ModelKind.Speech => CallKind.Speech,
        ModelKind.Transcription => CallKind.Transcription,
        ModelKind.Moderation => CallKind.Moderation,
        _ => CallKind.Chat,
    };

    /// <summary>The candidates whose providers serve such calls, in their order.</summary>
    public static IReadOnlyList<Candidate> Of(CallKind kind, IReadOnlyList<Candidate> candidates)
    {
        for (var i = 0; i < candidates.Count; i++)
        {
            if (Adapter.For(kind, candidates[i].Channel.Preset) is null)
                return [.. candidates.Where(candidate => Adapter.For(kind, candidate.Channel.Preset) is not null)];
        }

        return candidates;
    }
}
