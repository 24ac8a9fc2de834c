using Gateway.Transforms.Multipart;

namespace Gateway.Transforms.Bodies;

/// <content>Requests that are <c>multipart/form-data</c>: the same members, at the places where they stand there.</content>
public sealed partial class RequestIndex
{
    /// <summary>The parts of the body; <c>null</c>: it is JSON.</summary>
    public MultipartRequest? Multipart { get; private set; }

    /// <summary>Reads a <c>multipart/form-data</c> body. False if it is refused; <paramref name="error"/> then says why and what to do.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="contentType">The request's <c>Content-Type</c>.</param>
    /// <param name="error">The fault.</param>
    public bool TryReadMultipart(ReadOnlyMemory<byte> body, string? contentType, out BodyError error)
    {
        Reset();
        if (MultipartRequest.TryRead(body, contentType, out error) is not { } request)
            return false;

        Fill(request);
        return true;
    }

    private void Fill(MultipartRequest request)
    {
        Multipart = request;
        Body = request.Body;
        Model = request.Model;
        ModelValue = request.ModelValue;
        Provider = request.Provider;
        ProviderMember = request.ProviderPart;
        Stream = request.Stream;
        StreamValue = request.StreamValue;
        ResponseFormat = request.ResponseFormat;
    }
}
