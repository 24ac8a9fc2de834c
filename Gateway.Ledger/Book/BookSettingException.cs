namespace Gateway.Ledger.Book;

/// <summary>The book cannot be opened with this setting: one line for the operator, beginning with the setting's name, without any password.</summary>
public sealed class BookSettingException(string message, Exception? innerException = null) : Exception(message, innerException);
