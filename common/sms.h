#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace campaign {

// What a text costs as an SMS.
struct SmsSize {
  // Written in UCS-2 (UTF-16), because a character is not in GSM's alphabet.
  bool ucs2 = false;
  // Septets of the GSM 7-bit alphabet, or 16-bit units of UCS-2.
  int units = 0;
  // Messages that a carrier bills. 0 for no text.
  int segments = 0;
  // The first character that forces UCS-2, as UTF-8; empty: none does.
  std::string forcing;
  // Segments if every character that forces UCS-2 were one of the alphabet's instead.
  int segments_without_forcing = 0;
};

// Measures as carriers bill (3GPP TS 23.038 section 6.2.1 for the alphabet, TS 23.040 section 9.2.3.24.1 for the six
// bytes of header that concatenation costs): a text of up to 160 septets or 70 units of UCS-2 is one segment, a longer
// one is cut into 153 or 67. The extension table's characters, such as €, take two septets; neither these nor the two
// units of a character beyond U+FFFF are torn apart, so a segment may end one early. National shift tables are not
// counted on. Bytes that are no UTF-8 count as U+FFFD.
SmsSize MeasureSms(absl::string_view utf8);

}  // namespace campaign
