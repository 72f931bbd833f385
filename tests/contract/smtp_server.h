#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/testing/testing.h"
#include "nlohmann/json.hpp"
#include "tests/crash/process.h"

namespace campaign::contract {

// smtp_server.py as a process: says there what it does. It ends with this object.
class SmtpServer {
 public:
  // `arguments` are those of the script, but for the folder.
  explicit SmtpServer(const std::vector<std::string>& arguments = {});

  // False where aiosmtpd is not installed; nothing else may be asked then.
  bool installed() const { return port_ != 0; }
  int port() const { return port_; }
  crash::Process& process() { return *process_; }

  // How often it said `line` so far: "connected", "command MAIL".
  int Count(absl::string_view line) const;
  bool Accepted(absl::string_view local_part) const;
  // The bytes of an accepted message as they came.
  std::string Raw(absl::string_view local_part) const;
  // What Python reads in it.
  nlohmann::json Read(absl::string_view local_part) const;
  int accepted_count() const;

 private:
  std::string File(absl::string_view local_part, absl::string_view ending) const;

  const testing::TempDir folder_;
  std::unique_ptr<crash::Process> process_;
  int port_ = 0;
};

// One for all tests that need no arguments.
SmtpServer& SharedSmtpServer();

// A certificate for 127.0.0.1 alone, that nobody has signed but itself.
struct Certificate {
  std::string cert_file;
  std::string key_file;
};
Certificate MakeCertificate(const testing::TempDir& folder);

}  // namespace campaign::contract
