using Gateway.Tests.Fakes;
using Gateway.Transforms.Caching;
using Gateway.Transforms.Caching.Questions;
using NUnit.Framework;

namespace Gateway.Tests.Caching;

[TestFixture]
public sealed class QuestionIndexTests
{
    private readonly ManualTimeProvider time = new(Replies.Start);
    private InProcessAnswerStore store = null!;
    private QuestionIndex index = null!;

    [SetUp]
    public void Begin()
    {
        store = new InProcessAnswerStore(time);
        index = new QuestionIndex(store, time);
    }

    [Test]
    public async Task A_near_duplicate_is_found_among_ten_thousand()
    {
        for (ulong number = 0; number < 4_000; number++)
            await AddAsync(number, $"How do I sort the {Name(number)} list by its {Name(number * 7)} column?");
        await AddAsync(99_999, "What is the capital of France?");

        var found = await WaitForAsync("please, what is the capital of France");

        Assert.That(found!.Answer, Is.EqualTo(Replies.Key(99_999).Digest));
        Assert.That((found.Similarity, found.IsByMeaning), Is.EqualTo((found.Similarity, false)));
        Assert.That(found.Similarity, Is.InRange(0.95, 1));
        Assert.That(await FindAsync("what is the capital of Germany"), Is.Null);
    }

    [Test]
    public async Task Another_partition_and_another_workspace_are_never_looked_into()
    {
        await AddAsync(1, "What is the capital of France?");

        Assert.That(await index.FindAsync(Replies.Key(10), "What is the capital of France?", 0.95, embedding: null, default), Is.Null);
        Assert.That(await index.FindAsync(Replies.Key(10, "ws_b"), "What is the capital of France?", 0.95, embedding: null, default), Is.Null);
        Assert.That(await FindAsync("What is the capital of France?"), Is.Not.Null);
    }

    [Test]
    public async Task An_answer_that_has_expired_is_not_found()
    {
        await AddAsync(1, "What is the capital of France?");
        time.Advance(TimeSpan.FromHours(1));

        Assert.That(await FindAsync("What is the capital of France?"), Is.Null);
    }

    [Test]
    public async Task A_paraphrase_is_found_by_its_embedding_and_held_to_the_same_guards()
    {
        await AddAsync(1, "How do I reset my password?", [1, 0, 0]);
        await AddAsync(2, "How do I close account 10?", [0, 1, 0]);

        var found = await FindAsync("How do I reset a password I forgot?", [0.99f, 0.05f, 0]);

        Assert.That(found!.Answer, Is.EqualTo(Replies.Key(1).Digest));
        Assert.That(found.IsByMeaning, Is.True);
        Assert.That(found.Similarity, Is.InRange(0.98, 1));
        Assert.That(await FindAsync("How do I close account 11?", [0, 1, 0]), Is.Null, "Another number.");
        Assert.That(await FindAsync("How do I not close account 10?", [0, 1, 0]), Is.Null, "A negation.");
        Assert.That(await FindAsync("How do I open account 10?", [0, 1, 0]), Is.Null, "An opposite.");
        Assert.That(await FindAsync("How do I close my account 10?", [0.5f, 0.5f, 0]), Is.Null, "Another meaning.");
    }

    [Test]
    public async Task Vectors_of_another_model_say_nothing()
    {
        await AddAsync(1, "How do I reset my password?", [1, 0, 0]);

        Assert.That(await FindAsync("How do I reset a password I forgot?", [1, 0, 0], "other/model"), Is.Null);
        Assert.That(await FindAsync("How do I reset a password I forgot?", [1, 0]), Is.Null);
    }

    [Test]
    public async Task Beyond_its_bound_a_partition_forgets_its_older_half()
    {
        index = new QuestionIndex(store, time) { MaxQuestions = 10 };
        for (ulong number = 0; number < 11; number++)
            await AddAsync(number, $"Where is the {Name(number)} shop?");

        Assert.That(await FindAsync($"where is the {Name(10)} shop"), Is.Not.Null);
        Assert.That(await FindAsync($"where is the {Name(5)} shop"), Is.Not.Null);
        Assert.That(await FindAsync($"where is the {Name(0)} shop"), Is.Null);
    }

    [Test]
    public async Task The_index_keeps_its_bound_and_finds_a_forgotten_partition_again()
    {
        index = new QuestionIndex(store, time) { MaxBytes = 50_000 };
        for (ulong partition = 0; partition < 100; partition++)
        {
            await store.KeepQuestionAsync(Replies.Key(1_000 + partition), Question(partition, "Where is the shop?"), default);
            Assert.That(await index.FindAsync(Replies.Key(1_000 + partition), "where is the shop", 0.95, embedding: null, default), Is.Not.Null);
            Assert.That(index.Size, Is.InRange(0, 50_000));
        }

        Assert.That(await index.FindAsync(Replies.Key(1_000), "where is the shop", 0.95, embedding: null, default), Is.Not.Null);
    }

    [Test]
    public async Task Partitions_without_questions_count_too()
    {
        index = new QuestionIndex(store, time) { MaxBytes = 50_000 };
        for (ulong partition = 0; partition < 1_000; partition++)
            await index.FindAsync(Replies.Key(partition), "where is the shop", 0.95, embedding: null, default);

        Assert.That(index.Size, Is.InRange(1, 50_000));
    }

    [Test]
    public async Task Many_may_add_and_ask_at_once()
    {
        await Parallel.ForAsync(0UL, 2_000UL, async (number, cancellationToken) =>
        {
            await AddAsync(number, $"Where is the {Name(number % 100)} shop?");
            await index.FindAsync(Replies.Key(9), $"where is the {Name(number % 50)} shop", 0.95, embedding: null, cancellationToken);
        });

        Assert.That(await WaitForAsync($"where is the {Name(7)} shop"), Is.Not.Null);
    }

    [Test]
    public void A_quantised_cosine_is_close_to_the_true_one()
    {
        var random = new Random(7);
        for (var round = 0; round < 50; round++)
        {
            var dimensions = random.Next(1, 600);
            var left = Enumerable.Range(0, dimensions).Select(_ => (float)random.NextDouble() - 0.5f).ToArray();
            var right = left.Select(value => value + ((float)random.NextDouble() * 0.4f) - 0.2f).ToArray();
            var cosine = left.Zip(right, static (a, b) => (double)a * b).Sum() / Math.Sqrt(left.Sum(static a => (double)a * a) * right.Sum(static b => (double)b * b));

            Assert.That(QuantisedVector.From(left)!.Cosine(QuantisedVector.From(right)!), Is.EqualTo(cosine).Within(0.01));
        }
    }

    [Test]
    public void What_is_no_embedding_has_no_vector()
    {
        float[][] none = [[], [0, 0], [float.NaN], [1, float.PositiveInfinity], new float[QuantisedVector.MaxDimensions + 1]];
        none[^1][0] = 1;

        Assert.That(none.Select(static values => QuantisedVector.From(values)), Is.All.Null);
        Assert.That(QuantisedVector.From([.. none[^1].Take(QuantisedVector.MaxDimensions)]), Is.Not.Null);
        Assert.That(QuantisedVector.Read([1, 0x80]), Is.Null);
    }

    [Test]
    public void Bytes_that_are_no_question_are_read_as_none()
    {
        var bytes = Question(1, "Where?").ToBytes();

        for (var length = 0; length < bytes.Length; length++)
            Assert.That(StoredQuestion.Read(bytes.AsSpan(0, length)), Is.Null);
        Assert.That(StoredQuestion.Read(Enumerable.Repeat((byte)0xFF, 200).ToArray()), Is.Null);
        Assert.That(StoredQuestion.Read(bytes), Is.Not.Null);
    }

    private async Task<SimilarQuestion?> WaitForAsync(string question)
    {
        // A long log is read by several lookups.
        for (var i = 0; i < 50; i++)
        {
            if (await FindAsync(question) is { } found)
                return found;
        }

        return null;
    }

    private async Task<SimilarQuestion?> FindAsync(string question, float[]? vector = null, string model = "openai/e") => await index.FindAsync(
        Replies.Key(9), question, 0.95, vector is null ? null : new QuestionEmbedding(model, QuantisedVector.From(vector)!), default);

    private async Task AddAsync(ulong answer, string text, float[]? vector = null) =>
        Assert.That(await store.KeepQuestionAsync(Replies.Key(9), Question(answer, text, vector), default), Is.True);

    private StoredQuestion Question(ulong answer, string text, float[]? vector = null) => new(
        Replies.Key(answer).Digest, text, time.GetUtcNow().AddHours(1), vector is null ? "" : "openai/e", vector is null ? null : QuantisedVector.From(vector));

    private static string Name(ulong number) => string.Concat($"{number}".Select(static digit => (char)('a' + digit - '0')));
}
