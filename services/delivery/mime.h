#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/message.pb.h"
#include "services/delivery/channel_sender.h"

namespace campaign::delivery {

// Reasons why a message cannot be an e-mail.
inline constexpr char kHeaderInjection[] = "HEADER_INJECTION";   // A line break or NUL in what becomes a header.
inline constexpr char kAddressNotAscii[] = "ADDRESS_NOT_ASCII";  // Only some servers take it (RFC 6531).
inline constexpr char kUnsubscribeUrlInvalid[] = "UNSUBSCRIBE_URL_INVALID";  // Nothing to click on, as RFC 8058 has it.

// An e-mail's parts, not owned. Texts are UTF-8.
struct Email {
  absl::string_view from;
  // The name that people see instead of `from`; may be empty.
  absl::string_view from_name;
  absl::string_view to;
  absl::string_view subject;
  // What an inbox shows after the subject; may be empty.
  absl::string_view preheader;
  absl::string_view text;
  // Empty: the e-mail is plain text alone.
  absl::string_view html;
  // Where one click unsubscribes (RFC 8058); may be empty.
  absl::string_view unsubscribe_url;
  // Without angle brackets.
  absl::string_view message_id;
  absl::Time date;
};

// The e-mail of a message. All but `date` must outlive it.
Email EmailOf(const v1::Message& message, absl::string_view from, absl::string_view from_name,
              absl::string_view message_id, absl::Time date);

// Why the e-mail cannot be sent; nothing if it can. Line breaks and NULs in a header are refused, not cleaned away:
// whoever put them there wants something else than what the e-mail says.
absl::optional<SendOutcome> RefusalOf(const Email& email);

// The e-mail as RFC 5322 has it, lines ended by CRLF and no longer than 998: multipart/alternative (RFC 2046) in
// quoted-printable (RFC 2045), a subject beyond ASCII in encoded words (RFC 2047), List-Unsubscribe (RFC 2369) with
// List-Unsubscribe-Post (RFC 8058). The preheader is put at the start of the HTML, hidden, unless it is in there.
// RFC 8058 wants both headers signed: the mail server does that (DKIM). `email` must have no refusal.
std::string FormatEmail(const Email& email);

// Whether a header cannot hold `text`: it has a CR, LF or NUL.
bool HasLineBreak(absl::string_view text);

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
