/// The data fields of FIX: a length field, and right behind it a field whose value is that many bytes of
/// anything, SOH included. Only these pairs may hold the byte that ends a field
/// (FIX 4.0 to 5.0 SP2 field dictionaries, data type "data").
enum FIXDataField {
  /// The data tag that a length tag announces, nil for every other tag.
  static func tag(announcedBy lengthTag: Int) -> Int? {
    switch lengthTag {
    case 90: 91  // SecureData
    case 93: 89  // Signature
    case 95: 96  // RawData
    case 212: 213  // XmlData
    case 348: 349  // EncodedIssuer
    case 350: 351  // EncodedSecurityDesc
    case 352: 353  // EncodedListExecInst
    case 354: 355  // EncodedText
    case 356: 357  // EncodedSubject
    case 358: 359  // EncodedHeadline
    case 360: 361  // EncodedAllocText
    case 362: 363  // EncodedUnderlyingIssuer
    case 364: 365  // EncodedUnderlyingSecurityDesc
    case 445: 446  // EncodedListStatusText
    case 618: 619  // EncodedLegIssuer
    case 621: 622  // EncodedLegSecurityDesc
    case 1184: 1185  // SecurityXML
    case 1277: 1278  // DerivativeEncodedIssuer
    case 1280: 1281  // DerivativeEncodedSecurityDesc
    case 1397: 1398  // EncodedMktSegmDesc
    case 1401: 1402  // EncryptedPassword
    case 1403: 1404  // EncryptedNewPassword
    case 1468: 1469  // EncodedSecurityListDesc
    case 1527: 1525  // EncodedDocumentationText
    case 1578: 1579  // EncodedEventText
    case 1620: 1621  // InstrumentScopeEncodedSecurityDesc
    case 1664: 1665  // EncodedRejectText
    case 1678: 1697  // EncodedOptionExpirationDesc
    default: nil
    }
  }
}
