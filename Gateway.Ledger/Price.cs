namespace Gateway.Ledger;

/// <summary>Which kind of channel a price is for, and which bucket pays for it.</summary>
public enum RouteType
{
    /// <summary>Direct from the maker; paid by <see cref="BucketKind.Credit"/>.</summary>
    Official,

    /// <summary>A reseller or a self-hosted model; paid by <see cref="BucketKind.Wallet"/>.</summary>
    Ordinary,
}

/// <summary>The rates of one tier. Unit: pico-credits (10⁻¹²) for each token, image, millisecond of sound or character; a rate that is <c>null</c> falls back as its remark says.</summary>
public sealed record Rates
{
    /// <summary>Pico-credits per uncached prompt token.</summary>
    public required long Input { get; init; }

    /// <summary>Pico-credits per completion token.</summary>
    public required long Output { get; init; }

    /// <summary>Pico-credits per prompt token read from the provider's cache; <c>null</c>: as <see cref="Input"/>.</summary>
    public long? CachedInput { get; init; }

    /// <summary>Pico-credits per prompt token written to the provider's cache; <c>null</c>: as <see cref="Input"/>.</summary>
    public long? CacheWrite { get; init; }

    /// <summary>Pico-credits per reasoning token; <c>null</c>: as <see cref="Output"/>.</summary>
    public long? Reasoning { get; init; }

    /// <summary>Pico-credits per image; <c>null</c>: free.</summary>
    public long? Image { get; init; }

    /// <summary>Pico-credits per millisecond of sound that is listened to; <c>null</c>: free.</summary>
    public long? AudioMillisecond { get; init; }

    /// <summary>Pico-credits per character that is spoken; <c>null</c>: free.</summary>
    public long? Character { get; init; }

    /// <summary>The dearest rate that a prompt token can meet.</summary>
    public long DearestInput => Math.Max(Input, Math.Max(CachedInput ?? 0, CacheWrite ?? 0));

    /// <summary>The dearest rate that a completion token can meet.</summary>
    public long DearestOutput => Math.Max(Output, Reasoning ?? 0);
}

/// <summary>Other rates for calls whose prompt is longer than a bound.</summary>
/// <param name="AboveInputTokens">The whole call is charged at <paramref name="Rates"/> when its prompt has more tokens than this.</param>
/// <param name="Rates">The rates of the tier.</param>
public sealed record PriceTier(long AboveInputTokens, Rates Rates);

/// <summary>One version of the price of (provider, model, route type). Snapshotted whole into the receipt, so that anyone can compute the cost again.</summary>
public sealed record Price
{
    /// <summary>Counts up from 1 with every change of this price.</summary>
    public required int Version { get; init; }

    /// <summary>The currency of the buckets that may pay, for example <c>CREDIT</c>.</summary>
    public required string Currency { get; init; }

    /// <summary>The route type that this price is for.</summary>
    public required RouteType RouteType { get; init; }

    /// <summary>The rates below the first tier.</summary>
    public required Rates Base { get; init; }

    /// <summary>Tiers by prompt length, lowest bound first.</summary>
    public IReadOnlyList<PriceTier> Tiers { get; init; } = [];

    /// <summary>The rates for a prompt of this many tokens.</summary>
    public Rates RatesFor(long inputTokens)
    {
        var rates = Base;
        foreach (var tier in Tiers)
        {
            if (inputTokens > tier.AboveInputTokens)
                rates = tier.Rates;
        }

        return rates;
    }

    /// <summary>The cost of what was used: the exact sum in pico-credits, divided once, rounded up once to a nano-credit; zero stays zero.</summary>
    public Credits Cost(in Usage usage)
    {
        Int128 pico = 0;
        foreach (var line in Lines(usage))
            pico += line.CostPico;

        return FromPico(pico);
    }

    /// <summary>The lines of the receipt, one for each item that was used.</summary>
    public IReadOnlyList<PriceLine> Lines(in Usage usage)
    {
        var rates = RatesFor(usage.InputTokens);
        var lines = new List<PriceLine>(3);
        Add(lines, "input", usage.InputTokens - usage.CachedInputTokens - usage.CacheWriteTokens, rates.Input);
        Add(lines, "cached_input", usage.CachedInputTokens, rates.CachedInput ?? rates.Input);
        Add(lines, "cache_write", usage.CacheWriteTokens, rates.CacheWrite ?? rates.Input);
        Add(lines, "output", usage.OutputTokens - usage.ReasoningTokens, rates.Output);
        Add(lines, "reasoning", usage.ReasoningTokens, rates.Reasoning ?? rates.Output);
        Add(lines, PriceLine.Image, usage.Images, rates.Image ?? 0);
        Add(lines, PriceLine.Audio, usage.AudioMilliseconds, rates.AudioMillisecond ?? 0);
        Add(lines, PriceLine.Character, usage.Characters, rates.Character ?? 0);
        return lines;
    }

    /// <summary>The most that a call can cost: every prompt token and every completion token at the dearest rate it can meet.</summary>
    public Credits MaxCost(long inputTokens, long outputTokens, int choices) => MaxCost(new UsageBound(inputTokens, outputTokens, choices));

    /// <summary>The most that a call can cost: everything that it may use at the dearest rate it can meet.</summary>
    public Credits MaxCost(in UsageBound bound) =>
        FromPico(PicoBeforeOutput(bound) + DearestOutput(bound.InputTokens) * bound.OutputTokens * bound.Choices);

    /// <summary>How many completion tokens a call may have so that its most stays within the amount. Unit: tokens per choice.</summary>
    public long AffordableOutputTokens(Credits amount, long inputTokens, int choices) =>
        AffordableOutputTokens(amount, new UsageBound(inputTokens, OutputTokens: 0, choices));

    /// <summary>The same for a call that also has images, sound or characters: they are paid first. The bound's own output does not count.</summary>
    public long AffordableOutputTokens(Credits amount, in UsageBound bound)
    {
        var left = (Int128)amount.Nano * 1000 - PicoBeforeOutput(bound);
        var rate = DearestOutput(bound.InputTokens) * bound.Choices;
        if (left <= 0)
            return 0;
        return rate == 0 ? int.MaxValue : (long)Int128.Min(left / rate, int.MaxValue);
    }

    private Int128 PicoBeforeOutput(in UsageBound bound) =>
        DearestInput(bound.InputTokens) * bound.InputTokens
        + Dearest(bound.InputTokens, static rates => rates.Image ?? 0) * bound.Images
        + Dearest(bound.InputTokens, static rates => rates.AudioMillisecond ?? 0) * bound.AudioMilliseconds
        + Dearest(bound.InputTokens, static rates => rates.Character ?? 0) * bound.Characters;

    // The prompt count before the call is an estimate, so every tier that could be met counts: a bound within 10 % above is one of them,
    // and so are all below, for a shorter prompt is dearer where a tier is cheaper than what comes before it.
    private Int128 DearestInput(long inputTokens) => Dearest(inputTokens, static rates => rates.DearestInput);

    private Int128 DearestOutput(long inputTokens) => Dearest(inputTokens, static rates => rates.DearestOutput);

    private Int128 Dearest(long inputTokens, Func<Rates, long> rate)
    {
        var dearest = rate(Base);
        foreach (var tier in Tiers)
        {
            if (inputTokens + inputTokens / 10 > tier.AboveInputTokens)
                dearest = Math.Max(dearest, rate(tier.Rates));
        }

        return dearest;
    }

    private static void Add(List<PriceLine> lines, string item, long quantity, long picoEach)
    {
        if (quantity > 0)
            lines.Add(new PriceLine(item, quantity, picoEach));
    }

    private static Credits FromPico(Int128 pico) => new((long)((pico + 999) / 1000));
}

/// <summary>One line of a receipt's price.</summary>
/// <param name="Item">What was used, for example <c>input</c>.</param>
/// <param name="Quantity">How many: tokens, images, milliseconds of sound, or characters.</param>
/// <param name="PicoEach">Pico-credits for one.</param>
public readonly record struct PriceLine(string Item, long Quantity, long PicoEach)
{
    internal const string Image = "image";
    internal const string Audio = "audio";
    internal const string Character = "character";

    /// <summary>Quantity × rate. Unit: pico-credits.</summary>
    public Int128 CostPico => (Int128)Quantity * PicoEach;
}
