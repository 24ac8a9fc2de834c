using Gateway.Tests.Fakes;

namespace Gateway.Tests.EndToEnd.Faults;

/// <summary>Good answers whose usage nobody can believe: the client gets the answer, and the gateway's own count is charged.</summary>
internal static class UsageFaults
{
    private static readonly Ending OurCount = new Ending.Sound(CountedBy: "gateway");

    public static IEnumerable<Fault> All()
    {
        yield return Usage("usage with strings", """{"prompt_tokens":"24","completion_tokens":"3","total_tokens":"27"}""");
        yield return Usage("negative usage", """{"prompt_tokens":-24,"completion_tokens":3,"total_tokens":-21}""");
        yield return Usage("negative output", """{"prompt_tokens":24,"completion_tokens":-3,"total_tokens":21}""");
        yield return Usage("usage with fractions", """{"prompt_tokens":24.5,"completion_tokens":3.25,"total_tokens":27.75}""");
        yield return Usage("input of a million", """{"prompt_tokens":1000000,"completion_tokens":3,"total_tokens":1000003}""");
        yield return Usage("output of a million", """{"prompt_tokens":24,"completion_tokens":1000000,"total_tokens":1000024}""");
        yield return Usage("usage beyond 64 bits", """{"prompt_tokens":1e30,"completion_tokens":99999999999999999999,"total_tokens":3}""");
        yield return Usage("more cached than read", """{"prompt_tokens":24,"completion_tokens":3,"total_tokens":27,"prompt_tokens_details":{"cached_tokens":25}}""");
        yield return Usage("more reasoning than output", """{"prompt_tokens":24,"completion_tokens":3,"total_tokens":27,"completion_tokens_details":{"reasoning_tokens":4}}""");
        yield return Usage("usage without its members", """{"total_tokens":27}""");
        yield return Usage("empty usage", "{}");
        yield return Usage("usage that is null", "null");
        yield return new Fault("usage that is missing", static call => call.WriteAsync(call.Stream
            ? RawAnswers.EventStream + RawAnswers.Role + RawAnswers.Contents + RawAnswers.Finish + RawAnswers.Done
            : RawAnswers.Plain(RawAnswers.Body(usage: null)))).Both(OurCount);
        yield return Usage("usage of zero", """{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""") with
        {
            Plain = new Ending.Sound { Cost = 0m },
            Streamed = new Ending.Sound { Cost = 0m },
        };
    }

    private static Fault Usage(string name, string usage) => new Fault(name, call => RawAnswers.WriteAsync(call, usage)).Both(OurCount);
}
