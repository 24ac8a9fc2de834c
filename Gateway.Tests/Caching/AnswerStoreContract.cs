using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

/// <summary>What every store of answers does.</summary>
public abstract class AnswerStoreContract
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>A store for at most so many bytes (of a workspace), empty.</summary>
    private protected abstract Task<IAnswerStore> CreateAsync(long maxBytes, int maxQuestions = 10);

    /// <summary>The moment by the store's clock.</summary>
    private protected abstract DateTimeOffset Now { get; }

    /// <summary>Lets time pass, for the store too.</summary>
    private protected abstract Task PassAsync(TimeSpan time);

    /// <summary>What an answer takes beside its body. Unit: bytes.</summary>
    private protected abstract int Overhead { get; }

    [Test]
    public async Task What_is_kept_is_found_as_it_was()
    {
        var store = await CreateAsync(1 << 20);
        var reply = Replies.Of("{\"ä\":1}") with { Streamed = true };

        Assert.That(await store.KeepAsync(Replies.Key(1), reply, Hour, default), Is.True);

        var found = await store.FindAsync(Replies.Key(1), default);
        Assert.That(found, Is.Not.Null);
        Assert.That(found! with { Body = default }, Is.EqualTo(reply with { Body = default }));
        Assert.That(found.Body.ToArray(), Is.EqualTo(reply.Body.ToArray()));
    }

    [Test]
    public async Task Nothing_is_found_under_another_key_or_in_another_workspace()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepAsync(Replies.Key(1), Replies.Of("a"), Hour, default);

        Assert.That(await store.FindAsync(Replies.Key(2), default), Is.Null);
        Assert.That(await store.FindAsync(Replies.Key(1, "ws_b"), default), Is.Null);
        Assert.That(await store.FindAsync(Replies.Key(1, "ws_a}"), default), Is.Null);
    }

    [Test]
    public async Task A_second_answer_replaces_the_first()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepAsync(Replies.Key(1), Replies.Of("first"), Hour, default);
        await store.KeepAsync(Replies.Key(1), Replies.Of("second"), Hour, default);

        Assert.That((await store.FindAsync(Replies.Key(1), default)).Text(), Is.EqualTo("second"));
    }

    [Test]
    public async Task An_answer_is_gone_when_its_time_is_over()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepAsync(Replies.Key(1), Replies.Of("short"), TimeSpan.FromSeconds(1), default);
        await store.KeepAsync(Replies.Key(2), Replies.Of("long"), Hour, default);

        await PassAsync(TimeSpan.FromSeconds(1.05));

        Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);
        Assert.That((await store.FindAsync(Replies.Key(2), default)).Text(), Is.EqualTo("long"));
    }

    [Test]
    public async Task A_forgotten_answer_is_gone_and_only_it()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepAsync(Replies.Key(1), Replies.Of("bad"), Hour, default);
        await store.KeepAsync(Replies.Key(2), Replies.Of("good"), Hour, default);

        Assert.That(await store.ForgetAsync(Replies.Key(1), default), Is.True);
        Assert.That(await store.ForgetAsync(Replies.Key(1), default), Is.False);

        Assert.That(await store.FindAsync(Replies.Key(1), default), Is.Null);
        Assert.That(await store.FindAsync(Replies.Key(2), default), Is.Not.Null);
    }

    [Test]
    public async Task An_answer_of_1_MiB_is_kept_and_one_byte_more_is_not()
    {
        var store = await CreateAsync(8 << 20);

        Assert.That(await store.KeepAsync(Replies.Key(1), Replies.OfSize(InProcessAnswerStore.MaxAnswerBytes), Hour, default), Is.True);
        Assert.That(await store.KeepAsync(Replies.Key(2), Replies.OfSize(InProcessAnswerStore.MaxAnswerBytes + 1), Hour, default), Is.False);
    }

    [Test]
    public async Task The_bound_holds_so_many_answers_and_one_more_drives_out_one()
    {
        const int size = 10_000;
        var store = await CreateAsync(4 * (size + Overhead));
        for (ulong number = 1; number <= 4; number++)
            Assert.That(await store.KeepAsync(Replies.Key(number), Replies.OfSize(size), Hour + TimeSpan.FromMinutes(number), default), Is.True);
        Assert.That(await FoundAsync(store, 4), Is.EqualTo(new[] { 1, 2, 3, 4 }));

        await store.KeepAsync(Replies.Key(5), Replies.OfSize(size), Hour * 2, default);

        Assert.That(await FoundAsync(store, 5), Is.EqualTo(new[] { 2, 3, 4, 5 }));
    }

    [Test]
    public async Task An_answer_that_is_larger_than_the_bound_is_not_kept()
    {
        var store = await CreateAsync(10_000 + Overhead);

        Assert.That(await store.KeepAsync(Replies.Key(1), Replies.OfSize(10_000), Hour, default), Is.True);
        Assert.That(await store.KeepAsync(Replies.Key(2), Replies.OfSize(10_001), Hour, default), Is.False);
    }

    [Test]
    public async Task What_has_expired_makes_room_first()
    {
        var store = await CreateAsync(2 * (1_000 + Overhead));
        await store.KeepAsync(Replies.Key(1), Replies.OfSize(1_000), Hour, default);
        await store.KeepAsync(Replies.Key(2), Replies.OfSize(1_000), TimeSpan.FromSeconds(1), default);
        await PassAsync(TimeSpan.FromSeconds(1.05));
        await store.FindAsync(Replies.Key(2), default);

        await store.KeepAsync(Replies.Key(3), Replies.OfSize(1_000), Hour, default);

        Assert.That(await FoundAsync(store, 3), Is.EqualTo(new[] { 1, 3 }));
    }

    [Test]
    public async Task Replacing_and_forgetting_over_and_over_leaves_the_room_as_it_was()
    {
        var store = await CreateAsync(3 * (1_000 + Overhead));
        for (var i = 0; i < 50; i++)
        {
            await store.KeepAsync(Replies.Key(1), Replies.OfSize(1_000), Hour, default);
            await store.KeepAsync(Replies.Key(2), Replies.OfSize(900), Hour, default);
            await store.ForgetAsync(Replies.Key(2), default);
        }

        await store.KeepAsync(Replies.Key(2), Replies.OfSize(1_000), Hour, default);
        await store.KeepAsync(Replies.Key(3), Replies.OfSize(1_000), Hour, default);

        Assert.That(await FoundAsync(store, 3), Is.EqualTo(new[] { 1, 2, 3 }));
    }

    [Test]
    public async Task Questions_are_read_on_from_where_the_last_read_ended()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepQuestionAsync(Replies.Key(9), Question(1), default);
        var first = await store.QuestionsAsync(Replies.Key(9), default, default);

        await store.KeepQuestionAsync(Replies.Key(9), Question(2), default);
        await store.KeepQuestionAsync(Replies.Key(8), Question(3), default);
        var second = await store.QuestionsAsync(Replies.Key(9), first.Next, default);
        var third = await store.QuestionsAsync(Replies.Key(9), second.Next, default);

        Assert.That(first.Questions.Select(static question => question.Answer.A), Is.EqualTo(new ulong[] { 1 }));
        Assert.That(second.Questions.Select(static question => question.Answer.A), Is.EqualTo(new ulong[] { 2 }));
        Assert.That(third.Questions, Is.Empty);
        Assert.That(third.Next, Is.EqualTo(second.Next));
        Assert.That((await store.QuestionsAsync(Replies.Key(9, "ws_b"), default, default)).Questions, Is.Empty);
    }

    [Test]
    public async Task A_question_keeps_its_text_and_its_embedding()
    {
        var store = await CreateAsync(1 << 20);
        var question = Question(1) with { Text = "Wärme?", EmbeddingModel = "openai/e", Vector = QuantisedVector.From([1, -0.5f, 0.25f]) };
        await store.KeepQuestionAsync(Replies.Key(9), question, default);

        var read = (await store.QuestionsAsync(Replies.Key(9), default, default)).Questions.Single();

        Assert.That(read with { Vector = null }, Is.EqualTo(question with { Vector = null }));
        Assert.That(read.Vector!.Values.ToArray(), Is.EqualTo(question.Vector!.Values.ToArray()));
    }

    [Test]
    public async Task A_partition_forgets_its_oldest_questions_beyond_its_bound()
    {
        var store = await CreateAsync(1 << 20, maxQuestions: 10);
        for (ulong number = 1; number <= 10; number++)
            await store.KeepQuestionAsync(Replies.Key(9), Question(number), default);
        var full = await store.QuestionsAsync(Replies.Key(9), default, default);

        await store.KeepQuestionAsync(Replies.Key(9), Question(11), default);

        Assert.That(full.Questions, Has.Count.EqualTo(10));
        var all = await store.QuestionsAsync(Replies.Key(9), default, default);
        Assert.That(all.Questions.Select(static question => question.Answer.A), Is.EqualTo(Enumerable.Range(2, 10)));
        Assert.That((await store.QuestionsAsync(Replies.Key(9), full.Next, default)).Questions.Single().Answer.A, Is.EqualTo(11));
    }

    [Test]
    public async Task A_long_log_comes_in_parts()
    {
        var store = await CreateAsync(4 << 20, maxQuestions: 1_000);
        for (ulong number = 1; number <= 300; number++)
            await store.KeepQuestionAsync(Replies.Key(9), Question(number), default);

        var read = new List<ulong>();
        var log = await store.QuestionsAsync(Replies.Key(9), default, default);
        read.AddRange(log.Questions.Select(static question => question.Answer.A));
        Assert.That(log.HasMore, Is.True);
        log = await store.QuestionsAsync(Replies.Key(9), log.Next, default);
        read.AddRange(log.Questions.Select(static question => question.Answer.A));

        Assert.That(log.HasMore, Is.False);
        Assert.That(read, Is.EqualTo(Enumerable.Range(1, 300)));
    }

    [Test]
    public async Task Questions_count_against_the_bound_too()
    {
        var store = await CreateAsync(200_000, maxQuestions: 10_000);
        await store.KeepAsync(Replies.Key(1), Replies.OfSize(1_000), Hour, default);
        for (ulong number = 0; number < 1_000; number++)
            await store.KeepQuestionAsync(Replies.Key(100 + (number % 50)), Question(number) with { Text = new string('q', 2_000) }, default);

        var kept = 0;
        for (ulong partition = 100; partition < 150; partition++)
            kept += (await store.QuestionsAsync(Replies.Key(partition), default, default)).Questions.Count;
        Assert.That(kept, Is.InRange(10, 100));
    }

    [Test]
    public async Task A_partition_that_begins_anew_is_told_from_the_one_before()
    {
        var store = await CreateAsync(1 << 20);
        await store.KeepQuestionAsync(Replies.Key(9), Question(1) with { ExpiresAt = Now + TimeSpan.FromSeconds(1) }, default);
        var before = await store.QuestionsAsync(Replies.Key(9), default, default);
        await PassAsync(TimeSpan.FromSeconds(1.05));
        Assert.That((await store.QuestionsAsync(Replies.Key(9), before.Next, default)).Questions, Is.Empty);

        await store.KeepQuestionAsync(Replies.Key(9), Question(2), default);
        var after = await store.QuestionsAsync(Replies.Key(9), before.Next, default);

        Assert.That(after.Next.Life, Is.Not.EqualTo(before.Next.Life));
        Assert.That(after.Questions.Single().Answer.A, Is.EqualTo(2));
    }

    private StoredQuestion Question(ulong answer) => new(Replies.Key(answer).Digest, $"What is {answer}?", Now.AddHours(1), "", Vector: null);

    private static async Task<List<int>> FoundAsync(IAnswerStore store, int upTo)
    {
        var found = new List<int>();
        for (var number = 1; number <= upTo; number++)
        {
            if (await store.FindAsync(Replies.Key((ulong)number), default) is not null)
                found.Add(number);
        }

        return found;
    }
}
