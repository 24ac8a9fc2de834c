using Gateway.Transforms.Compression;
using Gateway.Transforms.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

internal sealed class KeySharesTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void A_key_that_scores_alone_may_supply_everything()
    {
        var evidence = Give(SourceEvidence.Empty(ScoreSource.User, Start), ["key_a"], 200);

        Assert.That(evidence.Ring, Has.Length.EqualTo(10));
    }

    [Test]
    public void Of_five_keys_the_loudest_supplies_a_fifth()
    {
        string[] keys = ["key_a", "key_b", "key_c", "key_d", "key_e"];
        var evidence = Give(SourceEvidence.Empty(ScoreSource.User, Start), keys, 100);
        Assert.That(evidence.Open, Is.EqualTo(default(ArmBucket)), "the last bucket was closed, and all five supplied it");

        var counted = 0;
        for (var i = 0; i < 1000; i++)
        {
            if (evidence.Add(Score("key_a", i % 2 == 0 ? Arm.Control : Arm.Treated), Start) is not { } added)
                continue;
            evidence = added;
            counted++;
        }

        Assert.That(counted, Is.EqualTo(4), "two of ten in each arm");
        foreach (var key in keys[1..])
            evidence = Give(evidence, [key], 4);
        Assert.That(evidence.Ring, Has.Length.EqualTo(6), "the others fill the bucket");
    }

    [Test]
    public void A_flood_of_one_key_cannot_pause_what_four_others_are_content_with()
    {
        string[] keys = ["key_b", "key_c", "key_d", "key_e"];
        var state = DetectorState.New(Strength.Medium, Start);
        for (var i = 0; i < 20_000; i++)
        {
            var at = Start.AddSeconds(i);
            var arm = i % 10 == 0 ? Arm.Control : Arm.Treated;
            state = state.Apply(new Score(ScoreSource.User, arm, ArmSums.One * 9 / 10, keys[i / 10 % 4], at), at).State;

            // Ten times as many, and half as good: without a share they would make it a drop of 40 %.
            for (var j = 0; j < 10; j++)
                state = state.Apply(new Score(ScoreSource.User, Arm.Treated, ArmSums.One / 2, "key_a", at), at).State;
        }

        Assert.That(state.IsPaused, Is.False);
        var sums = state.Sources.Single().Ring.Aggregate(default(ArmBucket), static (sum, bucket) => sum + bucket);
        Assert.That(sums.Treated.Mean, Is.EqualTo(0.9 - 0.2 * 0.4).Within(0.01), "a fifth of the scores are the flood's");
    }

    [Test]
    public void The_gateways_own_scores_have_no_share()
    {
        var evidence = Give(SourceEvidence.Empty(ScoreSource.Shadow, Start), ["key_a", "key_b", "key_c", "key_d", "key_e"], 100);

        evidence = Give(evidence, [""], 100);

        Assert.That(evidence.Ring, Has.Length.EqualTo(10));
    }

    [Test]
    public void However_many_keys_score_the_state_stays_small()
    {
        var evidence = SourceEvidence.Empty(ScoreSource.User, Start);
        for (var i = 0; i < 5000; i++)
            evidence = evidence.Add(Score($"key_{i}", Arm.Treated), Start) ?? evidence;

        Assert.That(evidence.Keys.Current, Has.Length.LessThanOrEqualTo(64));
    }

    private static SourceEvidence Give(SourceEvidence evidence, string[] keys, int count)
    {
        for (var i = 0; i < count; i++)
            evidence = evidence.Add(Score(keys[i / 2 % keys.Length], i % 2 == 0 ? Arm.Control : Arm.Treated), Start) ?? evidence;
        return evidence;
    }

    private static Score Score(string key, Arm arm) => new(ScoreSource.User, arm, ArmSums.One, key, Start);
}
