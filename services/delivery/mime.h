#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace campaign::delivery {

// An e-mail's parts. Texts are UTF-8.
struct Email {
  absl::string_view from;
  absl::string_view to;
  absl::string_view subject;
  absl::string_view text;
  // Empty: the e-mail is plain text alone.
  absl::string_view html;
  // Without angle brackets.
  absl::string_view message_id;
  absl::Time date;
};

// The e-mail as RFC 5322 has it, lines ended by CRLF: multipart/alternative (RFC 2046) in quoted-printable (RFC 2045),
// a subject beyond ASCII in encoded words (RFC 2047). `from` and `to` must be mailboxes, see IsMailbox.
std::string FormatEmail(const Email& email);

// Whether `address` is a plain local@domain in ASCII, without quoting or comments, that can stand in a header as it is.
bool IsMailbox(absl::string_view address);

// A header's value: as it is where it is short printable ASCII, else folded encoded words of at most 75 characters.
// Control characters become spaces, so that no value adds a header.
std::string EncodeHeaderText(absl::string_view text);

// `text` in quoted-printable, with every kind of line break as CRLF, appended to `output`. Never holds "=_".
void AppendQuotedPrintable(absl::string_view text, std::string& output);

// The length of the longest start of `text` of at most `limit` bytes that does not end within a UTF-8 character.
size_t WholeCharacters(absl::string_view text, size_t limit);

}  // namespace campaign::delivery
