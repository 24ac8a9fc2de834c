using Gateway.Host.Catalogue;
using Gateway.Ledger;
using NUnit.Framework;

namespace Gateway.Tests.Pricing;

internal sealed class PriceTests
{
    private const int Cases = 20_000;

    [TestCase(1_000, 100_000, TestName = "A_second_of_sound_costs_its_price")]
    [TestCase(1, 100, TestName = "A_millisecond_of_sound_costs_its_thousandth")]
    [TestCase(3_723_456, 372_345_600, TestName = "An_hour_of_sound_is_exact")]
    public void Sound_is_charged_by_the_millisecond(long milliseconds, long nano)
    {
        var price = new PriceFields { RouteType = RouteType.Official, PricePerAudioSecond = 0.0001m }.ToModelPrice().Price;

        Assert.That(price.Base.AudioMillisecond, Is.EqualTo(100_000));
        Assert.That(price.Cost(new Usage { AudioMilliseconds = milliseconds }), Is.EqualTo(new Credits(nano)));
    }

    [TestCase("15", 15_000_000, 11, 165_000)]
    [TestCase("0.000001", 1, 1, 1, TestName = "The_smallest_price_of_a_character_rounds_up_to_a_nano_credit")]
    [TestCase("0.000001", 1, 1_000, 1)]
    [TestCase("0.000001", 1, 1_001, 2)]
    [TestCase("1000000", 1_000_000_000_000, 4_096, 4_096_000_000_000)]
    public void Characters_are_charged_exactly(string pricePerMillion, long picoEach, long characters, long nano)
    {
        var price = new PriceFields { RouteType = RouteType.Official, PricePerMillionCharacters = decimal.Parse(pricePerMillion) }.ToModelPrice().Price;

        Assert.That(price.Base.Character, Is.EqualTo(picoEach));
        Assert.That(price.Cost(new Usage { Characters = characters }), Is.EqualTo(new Credits(nano)));
    }

    [Test]
    public void The_sum_of_all_lines_is_rounded_up_once()
    {
        var price = PriceOf(new Rates { Input = 1, Output = 1, Image = 1, AudioMillisecond = 1, Character = 1 });

        var cost = price.Cost(new Usage(1, 0, 0, 1, 0, 1, 1, 1));

        Assert.That(price.Lines(new Usage(1, 0, 0, 1, 0, 1, 1, 1)).Select(static line => line.Item), Is.EqualTo(new[] { "input", "output", "image", "audio", "character" }));
        Assert.That(cost, Is.EqualTo(new Credits(1)));
    }

    [Test]
    public void The_bound_of_tokens_alone_is_what_it_was()
    {
        var price = PriceOf(new Rates { Input = 1_400_000, Output = 2_800_000 });

        Assert.That(price.MaxCost(24, 86, 2), Is.EqualTo(new Credits(24 * 1_400 + 2 * 86 * 2_800)));
        Assert.That(price.MaxCost(new UsageBound(24, 86, 2)), Is.EqualTo(price.MaxCost(24, 86, 2)));
    }

    [Test]
    public void What_is_fixed_is_paid_before_output_is_afforded()
    {
        var price = PriceOf(new Rates { Input = 1_000, Output = 2_000, Image = 5_000, AudioMillisecond = 7_000, Character = 11_000 });
        var bound = new UsageBound(10, 1_000_000, 1, Images: 1, AudioMilliseconds: 2, Characters: 3);
        var taken = 10 + 5 + 14 + 33;

        Assert.That(price.AffordableOutputTokens(new Credits(taken), bound), Is.Zero);
        Assert.That(price.AffordableOutputTokens(new Credits(taken + 1), bound), Is.Zero);
        Assert.That(price.AffordableOutputTokens(new Credits(taken + 2), bound), Is.EqualTo(1));
        Assert.That(price.AffordableOutputTokens(new Credits(taken + 2_001), bound), Is.EqualTo(1_000));
    }

    [Test]
    public void No_usage_within_a_bound_costs_more_than_the_bound()
    {
        var random = new Random(5);
        for (var i = 0; i < Cases; i++)
        {
            var price = RandomPrice(random);
            var bound = new UsageBound(
                random.NextInt64(100_000), random.NextInt64(20_000), random.Next(1, 5), random.NextInt64(11), random.NextInt64(4_000_000), random.NextInt64(5_000));
            var usage = Within(bound, random);

            Assert.That(price.Cost(usage), Is.LessThanOrEqualTo(price.MaxCost(bound)), $"{price.Base} {string.Join(' ', price.Tiers)} {bound} {usage}");
        }
    }

    [Test]
    public void Output_that_is_afforded_stays_within_the_amount()
    {
        var random = new Random(6);
        for (var i = 0; i < Cases; i++)
        {
            var price = RandomPrice(random);
            var bound = new UsageBound(random.NextInt64(10_000), 0, random.Next(1, 5), random.NextInt64(3), random.NextInt64(1_000), random.NextInt64(100));
            var amount = price.MaxCost(bound) + new Credits(random.NextInt64(1_000_000_000));

            var tokens = price.AffordableOutputTokens(amount, bound);

            Assert.That(price.MaxCost(bound with { OutputTokens = tokens }), Is.LessThanOrEqualTo(amount));
        }
    }

    private static Usage Within(in UsageBound bound, Random random)
    {
        var input = random.NextInt64(bound.InputTokens + 1);
        var cached = random.NextInt64(input + 1);
        var output = random.NextInt64(bound.OutputTokens * bound.Choices + 1);
        return new Usage(
            input, cached, random.NextInt64(input - cached + 1), output, random.NextInt64(output + 1),
            random.NextInt64(bound.Images + 1), random.NextInt64(bound.AudioMilliseconds + 1), random.NextInt64(bound.Characters + 1));
    }

    private static Price RandomPrice(Random random)
    {
        var tiers = Enumerable.Range(0, random.Next(3)).Select(_ => new PriceTier(random.NextInt64(1, 120_000), RandomRates(random)));
        return PriceOf(RandomRates(random)) with { Tiers = [.. tiers.OrderBy(static tier => tier.AboveInputTokens)] };
    }

    private static Rates RandomRates(Random random)
    {
        return new Rates
        {
            Input = random.NextInt64(100_000_000), Output = random.NextInt64(100_000_000), CachedInput = Maybe(), CacheWrite = Maybe(), Reasoning = Maybe(),
            Image = Maybe(), AudioMillisecond = Maybe(), Character = Maybe(),
        };

        long? Maybe() => random.Next(2) == 0 ? null : random.NextInt64(200_000_000);
    }

    private static Price PriceOf(Rates rates) => new() { Version = 1, Currency = "CREDIT", RouteType = RouteType.Official, Base = rates };
}
