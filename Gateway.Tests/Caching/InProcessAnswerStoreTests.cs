using Gateway.Tests.Fakes;
using Gateway.Transforms.Caching;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class InProcessAnswerStoreTests : AnswerStoreContract
{
    private ManualTimeProvider time = new(Replies.Start);

    private protected override DateTimeOffset Now => time.GetUtcNow();

    private protected override int Overhead => InProcessAnswerStore.Overhead;

    [Test]
    public async Task The_least_recently_used_answer_goes_first()
    {
        var store = await CreateAsync(3 * (1_000 + Overhead));
        for (ulong number = 1; number <= 3; number++)
            await store.KeepAsync(Replies.Key(number), Replies.OfSize(1_000), TimeSpan.FromHours(1), default);
        await store.FindAsync(Replies.Key(1), default);

        await store.KeepAsync(Replies.Key(4), Replies.OfSize(1_000), TimeSpan.FromHours(1), default);

        Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Not.Null);
        Assert.That(await store.FindAsync(Replies.Key(2), default), Is.Null);
    }

    [Test]
    public async Task The_callers_bytes_may_change_after_they_were_kept()
    {
        var store = await CreateAsync(1 << 20);
        var body = "before"u8.ToArray();
        await store.KeepAsync(Replies.Key(1), Replies.Of("") with { Body = body }, TimeSpan.FromHours(1), default);

        body.AsSpan().Clear();

        Assert.That((await store.FindAsync(Replies.Key(1), default)).Text(), Is.EqualTo("before"));
    }

    [Test]
    public async Task Many_at_once_keep_the_bound()
    {
        var store = (InProcessAnswerStore)await CreateAsync(100_000);
        await Parallel.ForAsync(0, 20_000, async (number, cancellationToken) =>
        {
            var key = Replies.Key((ulong)(number % 500));
            switch (number % 3)
            {
                case 0:
                    await store.KeepAsync(key, Replies.OfSize(number % 900), TimeSpan.FromHours(1), cancellationToken);
                    break;
                case 1:
                    await store.FindAsync(key, cancellationToken);
                    break;
                default:
                    await store.ForgetAsync(key, cancellationToken);
                    break;
            }
        });

        Assert.That(store.Size, Is.InRange(0, 100_000));
        for (ulong number = 0; number < 500; number++)
            await store.ForgetAsync(Replies.Key(number), default);
        Assert.That((store.Size, store.Count), Is.EqualTo((0L, 0)));
    }

    private protected override Task<IAnswerStore> CreateAsync(long maxBytes, int maxQuestions = 10)
    {
        time = new ManualTimeProvider(Replies.Start);
        return Task.FromResult<IAnswerStore>(new InProcessAnswerStore(time) { MaxBytes = maxBytes, MaxQuestions = maxQuestions });
    }

    private protected override Task PassAsync(TimeSpan passed)
    {
        time.Advance(passed);
        return Task.CompletedTask;
    }
}
