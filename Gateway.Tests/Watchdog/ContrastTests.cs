using Gateway.Transforms.Watchdog;
using NUnit.Framework;

namespace Gateway.Tests.Watchdog;

/// <summary>The arithmetic of the test against values worked out elsewhere (with an exact error function).</summary>
internal sealed class ContrastTests
{
    [TestCase(0, 0.5)]
    [TestCase(1.96, 0.9750021048517795)]
    [TestCase(-1, 0.15865525393145707)]
    [TestCase(-3, 0.0013498980316300957)]
    [TestCase(-8, 6.220960574271819e-16)]
    [TestCase(-10, 7.619853024160593e-24)]
    public void The_normal_distribution_is_exact_to_twelve_digits(double z, double expected) =>
        Assert.That(NormalDistribution.Cumulative(z), Is.EqualTo(expected).Within(expected * 1e-12));

    [TestCase(4, 0.09441064130196906)]
    [TestCase(8, 0.049122546212425205)]
    [TestCase(100, 0.003989023981356769)]
    public void Its_scaled_tail_neither_overflows_nor_vanishes(double z, double expected) =>
        Assert.That(NormalDistribution.ScaledTail(z), Is.EqualTo(expected).Within(expected * 1e-12));

    [TestCase(0, 0.001, 0.36760731104690386)]
    [TestCase(0.1, 0.001, 55.428485710078824)]
    [TestCase(-0.1, 0.001, 0.09085852379212067)]
    [TestCase(0.05, 0.0004, 9.116089304632828)]
    [TestCase(0.15, 0.002, 70.78239763256661)]
    public void The_ratio_is_that_of_the_half_normal_mixture(double difference, double variance, double expected) =>
        Assert.That(new Contrast(difference, variance, 0, 0).Ratio, Is.EqualTo(expected).Within(expected * 1e-9));

    [TestCase(0.9)]
    [TestCase(-1)]
    public void However_clear_the_evidence_the_ratio_stays_a_number(double difference) =>
        Assert.That(new Contrast(difference, 1e-7, 0, 0).Ratio, Is.GreaterThanOrEqualTo(0).And.LessThanOrEqualTo(WatchdogLimits.MostStatistic));

    [Test]
    public void The_arms_of_a_bucket_give_difference_variance_and_drop()
    {
        var bucket = new ArmBucket(Arm(30, 24), Arm(60, 36));

        var contrast = bucket.Contrast!.Value;

        Assert.That(contrast.Difference, Is.EqualTo(0.12).Within(1e-12));
        Assert.That(contrast.Variance, Is.EqualTo(0.008038214285714284).Within(1e-12));
        Assert.That((contrast.Drop, contrast.Count), Is.EqualTo((0.25, 90)).Within(1e-12));
        Assert.That(contrast.Ratio, Is.EqualTo(1.805845436683284).Within(1e-9));
    }

    [TestCase(29, 60, false)]
    [TestCase(30, 59, false)]
    [TestCase(30, 60, true)]
    public void Too_few_scores_say_nothing(int control, int treated, bool says) =>
        Assert.That(new ArmBucket(Arm(control, control), Arm(treated, treated)).Contrast is not null, Is.EqualTo(says));

    [TestCase(19, false)]
    [TestCase(20, true)]
    public void A_control_that_fails_nearly_always_has_nothing_to_lose(int ones, bool says) =>
        Assert.That(new ArmBucket(Arm(100, ones), Arm(100, 0)).Contrast is not null, Is.EqualTo(says));

    [Test]
    public void Pairs_are_judged_by_their_differences()
    {
        var pairs = default(PairBucket);
        for (var i = 0; i < 30; i++)
            pairs = pairs.Add(i < 25 ? ArmSums.One : 0, i < 20 ? ArmSums.One : 0);

        var contrast = pairs.Contrast!.Value;

        Assert.That(contrast.Difference, Is.EqualTo(0.0833333333333333).Within(1e-12));
        Assert.That(contrast.Variance, Is.EqualTo(0.004618055555555556).Within(1e-12));
        Assert.That(contrast.Drop, Is.EqualTo(0.2).Within(1e-12));
        Assert.That(contrast.Ratio, Is.EqualTo(1.6532430645791298).Within(1e-9));
        Assert.That(contrast.Reversed.Ratio, Is.EqualTo(0.3506799931427334).Within(1e-9));
    }

    [Test]
    public void Sources_are_weighed_by_how_sure_they_are()
    {
        var combined = Contrast.Combine([new Contrast(0.1, 0.001, 0.2, 90), new Contrast(0, 0.003, 0.1, 110)]);

        Assert.That(combined.Difference, Is.EqualTo(0.075).Within(1e-12));
        Assert.That(combined.Variance, Is.EqualTo(0.00075).Within(1e-12));
        Assert.That((combined.Drop, combined.Count), Is.EqualTo((0.175, 200)).Within(1e-12));
    }

    private static ArmSums Arm(int count, int ones) => new(count, ones * ArmSums.One, ones * ArmSums.One * ArmSums.One);
}
