namespace Gateway.Ledger.Book;

/// <summary>Who changed what, and how it was before and after.</summary>
/// <param name="Id">Counts up over the whole book.</param>
/// <param name="Workspace">The tenant; <c>*</c>: the operator's.</param>
/// <param name="Actor">The key, or <c>gateway</c>.</param>
/// <param name="Action"><c>create</c>, <c>update</c> or <c>delete</c>.</param>
/// <param name="Kind">For example <c>key</c> or <c>top_up</c>.</param>
/// <param name="ResourceId">What was changed.</param>
/// <param name="Before">Its document before (UTF-8 JSON); <c>null</c>: it was made.</param>
/// <param name="After">Its document after; <c>null</c>: it was deleted.</param>
/// <param name="At">When.</param>
public sealed record AuditRecord(
    long Id, string Workspace, string Actor, string Action, string Kind, string ResourceId, byte[]? Before, byte[]? After, DateTimeOffset At);
