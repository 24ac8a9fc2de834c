using Gateway.Transforms;
using Gateway.Transforms.Bodies;

namespace Gateway.Host.Pipeline;

/// <summary>Tells a report of usage that nobody can believe; what such a call costs is the gateway's own count, and at most its hold.</summary>
internal static class UsageDispute
{
    private const int Factor = 10;

    // Below this, ten times our count is still little: system prompts that a provider adds, a template, a short answer.
    private const long Slack = 1000;

    /// <summary>Whether the report is no count at all, twice what the model can read, or far from what the gateway sees.</summary>
    /// <param name="reported">The upstream's figures.</param>
    /// <param name="call">The call.</param>
    /// <param name="countOutput">Our count of the visible output; asked only when the report is high.</param>
    public static bool IsAbsurd(in UsageTokens reported, ModelCall call, Func<long> countOutput)
    {
        if (!reported.IsSound)
            return true;
        if (call.Candidate!.Model.ContextWindow is { } context && (Int128)reported.Input + reported.Output > (Int128)context * 2)
            return true;

        // What we cannot count ourselves, such as a sound, we cannot dispute; nor reasoning, which is not shown.
        if (call.Prompt.Exact && reported.Input > Most(call.Prompt.Tokens))
            return true;
        // Output that is no text has no count of ours: it is believed as far as the model can go.
        if (call.Kind == CallKind.Image || call.Kind == CallKind.Speech)
            return call.Candidate.Model.MaxOutputTokens is > 0 and var most && reported.Output > (Int128)most * call.Body.Index.Choices * 2;
        var visible = reported.Output - reported.Reasoning;
        return visible > Slack && visible > Most(countOutput());
    }

    private static long Most(long counted) => counted * Factor + Slack;
}
