using System.Text;
using Gateway.Transforms.Bodies;
using NUnit.Framework;

namespace Gateway.Tests.Rules;

/// <summary>Every prefix of real conversations, as an agent sends them turn by turn, under every limit.</summary>
[Parallelizable(ParallelScope.Children)]
public class ContextTrimPropertyTests
{
    private static IEnumerable<Transcript> Transcripts => Transcript.All();

    [TestCaseSource(nameof(Transcripts))]
    public void A_trimmed_conversation_is_legal_and_byte_equal_and_its_cut_moves_forward_in_steps(Transcript transcript)
    {
        string[] bodies = [.. Enumerable.Range(0, transcript.Messages.Length + 1).Select(transcript.Body)];
        for (var maxMessages = 1; maxMessages <= transcript.Messages.Length; maxMessages++)
        {
            var moves = 0;
            Turn? previous = null;
            for (var count = 1; count <= transcript.Messages.Length; count++)
            {
                var turn = Turn.Of(transcript, count, maxMessages, bodies[count]);
                turn.IsByteEqual(bodies[count], bodies[0]);
                turn.SaysWhatWasDone();
                turn.HasWholePairs();
                turn.KeepsWhatIsPinned();
                moves += previous is not null && turn.MovesOnFrom(previous) ? 1 : 0;
                previous = turn;
            }

            Assert.That(moves, Is.LessThanOrEqualTo(MostMoves(transcript, maxMessages)), $"limit {maxMessages}");
        }
    }

    private static int MostMoves(Transcript transcript, int maxMessages)
    {
        var step = Math.Max(1, maxMessages / 4);
        var excess = Math.Max(0, transcript.Messages.Count(message => !message.IsSystem) - maxMessages);
        var steps = (excess + step - 1) / step;

        // A tool loop can hold the cut back to the last message of the user, and let it go when the next one comes.
        return transcript.Pairs.Length > 0 ? 2 * steps : steps;
    }

    /// <summary>What a prefix of a transcript became.</summary>
    private sealed record Turn(Transcript Transcript, int Count, int MaxMessages, Trimmed Trimmed, bool[] Kept)
    {
        private int LastUser => Array.FindLastIndex(Transcript.Messages, Count - 1, static message => message.IsUser);

        public static Turn Of(Transcript transcript, int count, int maxMessages, string body)
        {
            var turn = new Turn(transcript, count, maxMessages, Trimmed.Of(body, maxMessages, transcript.Format), new bool[count]);
            Array.Fill(turn.Kept, turn.Trimmed.IsUntouched);
            foreach (var message in turn.Trimmed.IsUntouched ? [] : turn.Trimmed.Messages())
            {
                var at = Array.FindIndex(transcript.Messages, original => original.Json == message);
                turn.Expect(at >= 0, "a message that nobody sent");
                turn.Kept[at] = true;
            }

            return turn;
        }

        public void IsByteEqual(string body, string emptyBody)
        {
            if (Trimmed.IsUntouched)
            {
                Expect(Trimmed.Body == body, "bytes changed without an edit");
                return;
            }

            var whole = Transcript.Messages.Take(Count).Where((_, i) => Kept[i]).Select(static message => message.Json);
            var expected = emptyBody.Replace("[  ]", $"[ {string.Join(" , ", whole)} ]", StringComparison.Ordinal);
            Expect(Trimmed.Body == expected, "bytes changed that are no message, or messages changed places");
            var isRead = Transcript.Format is MessageFormat.Responses || new RequestIndex().TryRead(Encoding.UTF8.GetBytes(Trimmed.Body), out _);
            Expect(isRead, "the gateway refuses what it made itself");
        }

        public void SaysWhatWasDone()
        {
            var kept = Kept.Where((isKept, i) => isKept && !Transcript.Messages[i].IsSystem).Count();
            var outcome = Trimmed.Outcome;
            Expect(outcome.Skipped is null && outcome.Orphans == 0, "a sound conversation was left alone or had orphans");
            Expect(outcome.Kept == kept && outcome.Dropped == Kept.Count(static isKept => !isKept), "the counts are wrong");
            Expect(outcome.IsOverLimit == kept > MaxMessages, "the limit is exceeded and nothing says so");
        }

        public void HasWholePairs()
        {
            foreach (var (call, answer) in Transcript.Pairs)
            {
                Expect(answer >= Count || Kept[call] == Kept[answer], "a call and its answer are torn apart");
            }

            var first = Enumerable.Range(0, Count).FirstOrDefault(i => Kept[i] && !Transcript.Messages[i].IsSystem);
            Expect(Trimmed.IsUntouched || Transcript.Messages[first].IsUser, "the first message is none of a user");
        }

        public void KeepsWhatIsPinned()
        {
            var last = LastUser;
            Expect(last < 0 || Kept[last], "the last message of the user is gone");
            Expect(Kept[^1], "the newest message is gone");
            for (var i = 0; i < Count; i++)
            {
                Expect(Kept[i] || !Transcript.Messages[i].IsSystem, "a system message is gone");
                Expect(Kept[i] || i < last || Transcript.Messages[i].IsOfTools, "more than tool groups is gone from the loop in flight");
            }
        }

        /// <summary>True if the cut moved; where it did not, the provider's cached prefix holds to the byte.</summary>
        public bool MovesOnFrom(Turn previous)
        {
            var moves = false;
            for (var i = 0; i < previous.Count; i++)
            {
                Expect(previous.Kept[i] || !Kept[i], "a message is back");
                moves |= previous.Kept[i] != Kept[i];
            }

            var prefix = previous.Trimmed.Body.AsSpan(0, previous.Trimmed.Body.LastIndexOf(" ]", StringComparison.Ordinal));
            Expect(moves || Trimmed.Body.AsSpan().StartsWith(prefix), "the cached prefix is lost");
            return moves;
        }

        private void Expect(bool holds, string complaint)
        {
            if (!holds)
            {
                Assert.Fail($"{complaint}: {Count} messages, limit {MaxMessages}\n{Trimmed.Body}");
            }
        }
    }
}
