using Microsoft.Extensions.Logging;

namespace Gateway.Transforms;

/// <summary>The rules that match one request, run phase after phase. A request keeps the rules that it started with.</summary>
/// <param name="rules">In their order (<see cref="RuleSet.Match"/>).</param>
/// <param name="exchange">The request.</param>
/// <param name="log">Hears of rules that fail.</param>
public sealed partial class RuleChain(IReadOnlyList<CompiledRule> rules, Exchange exchange, ILogger log)
{
    private List<RuleEffect>? _effects;
    private int _next;

    /// <summary>Whether any rule matches.</summary>
    public bool HasRules => rules.Count > 0;

    /// <summary>What the rules did so far.</summary>
    public IReadOnlyList<RuleEffect> Effects => _effects ?? (IReadOnlyList<RuleEffect>)[];

    /// <summary>Whether a rule of this phase, or a later one, has yet to run.</summary>
    public bool Has(RulePhase phase)
    {
        for (var i = _next; i < rules.Count; i++)
        {
            if (rules[i].Phase == phase && rules[i].Rule.AppliesTo(exchange.Kind))
                return true;
        }

        return false;
    }

    /// <summary>Runs the rules of a phase.</summary>
    /// <returns>A rule's answer or refusal, which ends the chain; <c>null</c>: the request goes on.</returns>
    public async ValueTask<RuleOutcome?> RunAsync(RulePhase phase, CancellationToken cancellationToken)
    {
        while (_next < rules.Count && rules[_next].Phase <= phase)
        {
            var rule = rules[_next++];
            if (!rule.Rule.AppliesTo(exchange.Kind))
                continue;

            var outcome = await RunAsync(rule, cancellationToken);
            switch (outcome)
            {
                case RuleOutcome.Proceed proceed:
                    Note(rule, proceed.Effect);
                    break;
                case RuleOutcome.Answer answer:
                    Note(rule, answer.Effect);
                    return answer;
                default:
                    return outcome;
            }
        }

        return null;
    }

    /// <summary>Shows the settled answer to the rules that ran.</summary>
    public async ValueTask OnResponseAsync(ExchangeAnswer answer, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _next; i++)
        {
            try
            {
                await rules[i].Rule.OnResponseAsync(exchange, answer, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailed(exception, rules[i].Type, rules[i].Id);
            }
        }
    }

    // Rules are plug-ins that save money: one that has a bug must not cost the client an answer. The receipt says that it failed.
    private async ValueTask<RuleOutcome> RunAsync(CompiledRule rule, CancellationToken cancellationToken)
    {
        try
        {
            return await rule.Rule.OnRequestAsync(exchange, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(exception, rule.Type, rule.Id);
            return new RuleOutcome.Proceed(new SkippedEffect("internal error"));
        }
    }

    private void Note(CompiledRule rule, object? effect)
    {
        if (effect is not null)
            (_effects ??= []).Add(new RuleEffect(rule.Id, rule.Type, effect));
    }

    [LoggerMessage(1, LogLevel.Error, "The {Type} rule {RuleId} failed and was stepped over.")]
    private partial void LogFailed(Exception exception, string type, string ruleId);
}
