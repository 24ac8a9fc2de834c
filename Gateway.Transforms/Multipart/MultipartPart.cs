using Gateway.Transforms.Bodies;

namespace Gateway.Transforms.Multipart;

/// <summary>One part of a <c>multipart/form-data</c> body.</summary>
/// <param name="Name">The field.</param>
/// <param name="FileName">The file's name; <c>null</c>: it has none.</param>
/// <param name="ContentType">The part's own content type; <c>null</c>: it has none.</param>
/// <param name="Value">Its content.</param>
/// <param name="Whole">From its delimiter to the next one: what goes when the part goes.</param>
public readonly record struct MultipartPart(string Name, string? FileName, string? ContentType, ByteRange Value, ByteRange Whole);
