#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace campaign::e2e {

// A message as it lies in delivery's spool, read by this reader of its own.
struct SentFile {
  // Without folder and ending: the idempotency key.
  std::string key;
  // "email", "sms", "push", "chat".
  std::string channel;
  // Folder of the day, "2026-06-15".
  std::string day;
  std::string to;
  // E-mail only.
  std::string subject;
  std::string message_id;
  // Of an e-mail the plain text part.
  std::string text;
};

// Everything in the spool that has its name. A folder that is not there holds nothing.
std::vector<SentFile> ReadSpool(absl::string_view folder);

}  // namespace campaign::e2e
