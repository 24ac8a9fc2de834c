using System.Text;
using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Multipart;

/// <summary>The edits that the gateway makes to a <c>multipart/form-data</c> request; <see cref="RequestEdits.RemoveProvider"/> works on it as it is.</summary>
public static class MultipartEdits
{
    /// <summary>Replaces the value of <c>model</c>: unlike in JSON, it stands there bare.</summary>
    /// <exception cref="ArgumentException">The name has a line end, which could part the body anew.</exception>
    public static void ReplaceModel(RequestIndex index, BodySplice splice, string upstreamModel)
    {
        if (upstreamModel.AsSpan().ContainsAny('\r', '\n'))
            throw new ArgumentException("A model's name has no line end.", nameof(upstreamModel));
        splice.Add(index.ModelValue, Encoding.UTF8.GetBytes(upstreamModel));
    }
}
