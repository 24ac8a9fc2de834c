using System.Text;

namespace Gateway.Tests.Multipart;

/// <summary>Writes a transcription request as clients do.</summary>
internal static class MultipartBody
{
    public const string Boundary = "----formdata-undici-0123";
    public const string ContentType = $"multipart/form-data; boundary={Boundary}";

    /// <summary>Fields as <c>name=value</c>, then the sound.</summary>
    public static byte[] Of(params string[] fields) => Of([.. fields.Select(static field => Field(field.Split('=')[0], field.Split('=')[1])), FileOf([1, 2, 3])]);

    /// <summary>Parts, each as <see cref="Part"/> made it.</summary>
    public static byte[] Of(params byte[][] parts) => [.. parts.SelectMany(static part => (byte[])[.. Text($"--{Boundary}\r\n"), .. part, .. Text("\r\n")]), .. Text($"--{Boundary}--\r\n")];

    public static byte[] Field(string name, string value) => Part($"Content-Disposition: form-data; name=\"{name}\"", Text(value));

    public static byte[] FileOf(byte[] content) => Part("Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav", content);

    public static byte[] Part(string headers, byte[] content) => [.. Text(headers), .. Text("\r\n\r\n"), .. content];

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
}
