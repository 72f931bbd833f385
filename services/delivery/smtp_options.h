#pragma once

#include <string>

#include "absl/time/time.h"

namespace campaign::delivery {

// A mail server that takes e-mail for others ("submission", RFC 6409), and how to speak to it.
struct SmtpOptions {
  enum class Security {
    // Never encrypted. With a user only to this machine itself.
    kNone,
    // The connection is upgraded before anything of ours is said (RFC 3207), or nothing is sent.
    kStartTls,
    // Encrypted from the first byte (RFC 8314).
    kTls,
  };

  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "smtp";
  // A host name, or an address; IPv6 without brackets.
  std::string host;
  int port = 587;
  Security security = Security::kStartTls;
  // Empty: no AUTH. Else nothing is sent unless the server took user and password.
  std::string user;
  std::string password;
  // A mailbox: From and MAIL FROM of every e-mail; its domain is also that of the Message-IDs.
  std::string from;
  // The name that people see instead; may be empty.
  std::string from_name;
  // What this machine calls itself in EHLO. Empty: the domain of `from`.
  std::string helo;
  // A file of trusted certificates (PEM). Empty: those of the system.
  std::string ca_file;
  // Until the server has greeted, and taken TLS and AUTH.
  absl::Duration connect_timeout = absl::Seconds(10);
  // For one message as a whole, connecting and the server's answer included. Too short a time makes UNKNOWNs: servers
  // may think long about a message that they have.
  absl::Duration message_timeout = absl::Seconds(60);
  // Messages that are on their way at once, each over a connection of its own.
  int max_connections = 8;
  // A connection is closed after so many.
  int max_messages_per_connection = 100;
};

}  // namespace campaign::delivery
