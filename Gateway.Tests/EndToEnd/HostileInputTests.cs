using System.Text;
using NUnit.Framework;

namespace Gateway.Tests.EndToEnd;

/// <summary>What an attacker or a broken client sends: each row has its status and code, costs nothing, and harms no later call.</summary>
internal sealed class HostileInputTests : EndToEndFixture
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"fake:\"}]";
    private const string Head = "\"model\":\"fake/echo-1\"," + Messages;
    private const string Whole = "{" + Head + "}";

    private static IEnumerable<TestCaseData> Bodies()
    {
        static TestCaseData Row(string name, string body, int status, string code) => new TestCaseData(Encoding.UTF8.GetBytes(body), status, code).SetName($"Body: {name}");

        yield return Row("empty", "", 400, "invalid_body");
        yield return Row("bad JSON", "{model}", 400, "invalid_body");
        yield return Row("truncated", Whole[..^2], 400, "invalid_body");
        yield return Row("trailing data", Whole + "{}", 400, "invalid_body");
        yield return Row("comment", "{/**/" + Head + "}", 400, "invalid_body");
        yield return Row("NaN", "{" + Head + ",\"x\":NaN}", 400, "invalid_body");
        yield return Row("trailing comma", "{" + Head + ",}", 400, "invalid_body");
        yield return Row("null", "null", 400, "invalid_body");
        yield return Row("array", "[]", 400, "invalid_body");
        yield return Row("string", "\"x\"", 400, "invalid_body");
        yield return Row("duplicate key", "{" + Head + ",\"model\":\"fake/scarce\"}", 400, "duplicate_key");
        yield return Row("duplicate escaped key", "{" + Head + ",\"mod\\u0065l\":\"fake/scarce\"}", 400, "duplicate_key");
        yield return Row("200 levels", "{" + Head + ",\"x\":" + new string('[', 200) + new string(']', 200) + "}", 400, "invalid_body");
        yield return Row("30,000 keys", "{" + Head + "," + string.Join(',', Enumerable.Range(0, 30_000).Select(static i => $"\"k{i}\":1")) + "}", 400, "invalid_body");
        yield return Row("lone surrogate", "{" + Head + ",\"x\":\"\\ud800\"}", 400, "invalid_body");
        yield return Row("over the limit", "{" + Head + ",\"x\":\"" + new string('x', 1 << 20) + "\"}", 413, "request_too_large");
        yield return Row("no model", "{" + Messages + "}", 400, "invalid_model");
        yield return Row("model of a wrong type", "{\"model\":5," + Messages + "}", 400, "invalid_model");
        yield return Row("model of 10 KB", "{\"model\":\"" + new string('m', 10_240) + "\"," + Messages + "}", 400, "invalid_model");
        yield return Row("no messages", "{\"model\":\"fake/echo-1\"}", 400, "invalid_messages");
        yield return Row("messages of a wrong type", "{\"model\":\"fake/echo-1\",\"messages\":\"hi\"}", 400, "invalid_messages");
        yield return Row("message of a wrong type", "{\"model\":\"fake/echo-1\",\"messages\":[1]}", 400, "invalid_messages");
        yield return Row("2,049 messages", "{\"model\":\"fake/echo-1\",\"messages\":[" + string.Join(',', Enumerable.Repeat("{}", 2049)) + "]}", 400, "invalid_messages");
        yield return Row("513 tools", "{" + Head + ",\"tools\":[" + string.Join(',', Enumerable.Repeat("{}", 513)) + "]}", 400, "invalid_tools");
        yield return Row("stream of a wrong type", "{" + Head + ",\"stream\":\"yes\"}", 400, "invalid_stream");
        yield return Row("n of a million", "{" + Head + ",\"n\":1000000}", 400, "invalid_n");
        yield return Row("n of zero", "{" + Head + ",\"n\":0}", 400, "invalid_n");
        foreach (var limit in (string[])["-1", "0", "1.0", "1e3", "1e400", "9223372036854775808", "\"5\"", new string('9', 100_000)])
            yield return Row($"max_tokens {limit[..Math.Min(20, limit.Length)]}", "{" + Head + ",\"max_tokens\":" + limit + "}", 400, "invalid_max_tokens");
        yield return new TestCaseData((byte[])[.. "{"u8, .. Encoding.UTF8.GetBytes(Head), .. ",\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8], 400, "invalid_body").SetName("Body: invalid UTF-8");
        yield return new TestCaseData(Encoding.Unicode.GetBytes(Whole), 400, "invalid_body").SetName("Body: UTF-16");
    }

    private static IEnumerable<TestCaseData> Requests()
    {
        const string auth = "Authorization: Bearer KEY\r\n";
        const string json = "Content-Type: application/json\r\n";
        const string host = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n";
        var length = $"Content-Length: {Whole.Length}\r\n";
        var chunked = $"{Whole.Length:x}\r\n{Whole}\r\n0\r\n\r\n";

        static TestCaseData Row(string name, string request, int status, string? code) => new TestCaseData(request, status, code).SetName($"Request: {name}");

        yield return Row("Content-Length and chunked", host + auth + json + length + "Transfer-Encoding: chunked\r\n\r\n" + chunked, 400, "bad_framing");
        yield return Row("gzip, chunked", host + auth + json + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunked, 501, "bad_framing");
        yield return Row("chunked on HTTP/1.0", host.Replace("1.1", "1.0", StringComparison.Ordinal) + auth + json + "Transfer-Encoding: chunked\r\n\r\n" + chunked, 400, "bad_framing");
        yield return Row("two lengths", host + auth + json + length + "Content-Length: 3\r\n\r\n" + Whole, 400, null);
        yield return Row("negative length", host + auth + json + "Content-Length: -1\r\n\r\n" + Whole, 400, null);
        yield return Row("chunk size 0x1", host + auth + json + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", 400, "invalid_body");
        yield return Row("header of 64 KB", host + auth + json + length + "X-Big: " + new string('x', 65_536) + "\r\n\r\n" + Whole, 431, null);
        yield return Row("line of 9 KB", "GET /" + new string('x', 9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, null);
        yield return Row("no host", "POST /v1/chat/completions HTTP/1.1\r\n" + auth + json + length + "\r\n" + Whole, 400, null);
        yield return Row("TRACE", "TRACE /v1/chat/completions HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed");
        yield return Row("GET", "GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", 405, "method_not_allowed");
        yield return Row("unknown path", "GET /v1/none HTTP/1.1\r\nHost: x\r\n" + auth + "\r\n", 404, "not_found");
        yield return Row("bogus expectation", host + auth + json + "Expect: bogus\r\n" + length + "\r\n" + Whole, 417, null);
        yield return Row("no key", host + json + length + "\r\n" + Whole, 401, "missing_api_key");
        yield return Row("wrong checksum", host + "Authorization: Bearer tw_000000000000000000000000000000000000\r\n" + json + length + "\r\n" + Whole, 401, "invalid_api_key");
        yield return Row("SQL as a key", host + "Authorization: Bearer ' OR '1'='1\r\n" + json + length + "\r\n" + Whole, 401, "invalid_api_key");
        yield return Row("two keys", host + auth + "x-api-key: tw_other\r\n" + json + length + "\r\n" + Whole, 400, "ambiguous_credentials");
        yield return Row("two Authorizations", host + auth + "Authorization: Bearer tw_other\r\n" + json + length + "\r\n" + Whole, 400, "ambiguous_credentials");
        yield return Row("text/plain", host + auth + "Content-Type: text/plain\r\n" + length + "\r\n" + Whole, 415, "unsupported_media_type");
        yield return Row("no content type", host + auth + length + "\r\n" + Whole, 415, "unsupported_media_type");
        yield return Row("zstd", host + auth + json + "Content-Encoding: zstd\r\n" + length + "\r\n" + Whole, 415, "unsupported_media_type");
    }

    [TestCaseSource(nameof(Bodies))]
    public Task A_hostile_body_is_refused(byte[] body, int status, string code) => RefusesAsync(RawHttp.Post(Key, body), status, code);

    [TestCaseSource(nameof(Requests))]
    public Task A_hostile_request_is_refused(string request, int status, string? code) =>
        RefusesAsync(Encoding.Latin1.GetBytes(request.Replace("KEY", Key, StringComparison.Ordinal)), status, code);

    private async Task RefusesAsync(byte[] request, int status, string? code)
    {
        var before = await PostedAsync();

        using var client = await RawHttp.SendAsync(Gateway.Address, request);
        var (answered, body) = await client.AnswerAsync();

        Assert.That(answered, Is.EqualTo(status), body?.ToJsonString());
        Assert.That(body?["error"]?["code"]?.GetValue<string>(), Is.EqualTo(code), body?.ToJsonString());
        if (code is not null)
            Assert.That((body!["error"]!["message"]!.GetValue<string>(), body["error"]!["type"]!.GetValue<string>()), Is.Not.EqualTo(("", "")));
        var bucket = await BucketAsync("credit");
        Assert.That((bucket["posted"]!.GetValue<decimal>(), bucket["held"]!.GetValue<decimal>()), Is.EqualTo((before, 0m)));
        Assert.That((await CallAsync("count=1")).Status, Is.EqualTo(200));
    }
}
