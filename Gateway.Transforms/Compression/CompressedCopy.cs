using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Compression;

/// <summary>A request compressed for its own sake, outside of the rules: what a call would have been.</summary>
public static class CompressedCopy
{
    /// <summary>The body at this strength; a body that is no request comes back as it is.</summary>
    public static byte[] Of(byte[] body, Strength strength, ResolvedModel model)
    {
        var index = new RequestIndex();
        if (!index.TryRead(body, out _))
            return body;

        var splice = new BodySplice();
        new RequestCompressor(model.Encoding, model.UpstreamModel).Run(body, EditableTexts.Read(body), index.ToolsValue.Of(body), strength, splice);
        var compressed = new byte[splice.OutputLength(body.Length)];
        splice.WriteTo(body, compressed);
        return compressed;
    }
}
