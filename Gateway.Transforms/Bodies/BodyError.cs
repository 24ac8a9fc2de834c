namespace Gateway.Transforms.Bodies;

/// <summary>Why a request body is refused. The host maps it to a status and a code.</summary>
public enum BodyFault
{
    /// <summary>The body is accepted.</summary>
    None,

    /// <summary>Empty, not JSON, comments, trailing commas or trailing data.</summary>
    NotJson,

    /// <summary>JSON, but no object.</summary>
    NotObject,

    /// <summary>Bytes that are no UTF-8.</summary>
    InvalidUtf8,

    /// <summary>An escape such as <c>\ud800</c> without its partner.</summary>
    LoneSurrogate,

    /// <summary>Two equal keys in one object, after unescaping.</summary>
    DuplicateKey,

    /// <summary>Nested deeper than <see cref="RequestIndex.MaxDepth"/>.</summary>
    TooDeep,

    /// <summary>More than <see cref="RequestIndex.MaxKeys"/> keys in all objects together.</summary>
    TooManyKeys,

    /// <summary>Not <c>multipart/form-data</c> where that is asked for, cut off, or such that two readers could take it for two things.</summary>
    NotMultipart,

    /// <summary>A member has a type or value that it may not have; <see cref="BodyError.Field"/> names it.</summary>
    InvalidField,
}

/// <summary>A refused body: the fault, the top-level member at fault if one is, and what to do about it.</summary>
public readonly record struct BodyError(BodyFault Fault, string? Field, string Message);
