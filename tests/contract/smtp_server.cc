#include "tests/contract/smtp_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace campaign::contract {
namespace {

// Debian's: the one that its python3-aiosmtpd is for.
constexpr char kPython[] = "/usr/bin/python3";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace

SmtpServer::SmtpServer(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {SMTP_SERVER_SCRIPT, folder_.path()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = crash::Process::Start(kPython, all);
  constexpr char kReady[] = "listening on ";
  if (!process_->WaitForOutput(kReady)) {
    EXPECT_EQ(process_->WaitForExit(crash::kPatience), 77) << process_->output();
    return;
  }
  const size_t start = process_->output().find(kReady) + sizeof(kReady) - 1;
  EXPECT_TRUE(process_->WaitForOutput("\n", start));
  const std::string output = process_->output();
  const std::string number = output.substr(start, output.find('\n', start) - start);
  EXPECT_TRUE(absl::SimpleAtoi(number, &port_)) << output;
}

SmtpServer& SharedSmtpServer() {
  static SmtpServer server;
  return server;
}

int SmtpServer::Count(absl::string_view line) const {
  int count = 0;
  for (absl::string_view said : absl::StrSplit(process_->output(), '\n')) count += said == line ? 1 : 0;
  return count;
}

std::string SmtpServer::File(absl::string_view local_part, absl::string_view ending) const {
  return folder_.File(absl::StrCat(local_part, ending));
}

bool SmtpServer::Accepted(absl::string_view local_part) const {
  return std::filesystem::exists(File(local_part, ".eml"));
}

std::string SmtpServer::Raw(absl::string_view local_part) const { return ReadFile(File(local_part, ".eml")); }

nlohmann::json SmtpServer::Read(absl::string_view local_part) const {
  return nlohmann::json::parse(ReadFile(File(local_part, ".json")));
}

int SmtpServer::accepted_count() const {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    count += entry.path().extension() == ".eml" ? 1 : 0;
  }
  return count;
}

Certificate MakeCertificate(const testing::TempDir& folder) {
  const Certificate certificate{folder.File("cert.pem"), folder.File("key.pem")};
  const std::string command = absl::StrCat(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail",
      " -addext subjectAltName=IP:127.0.0.1 -keyout ", certificate.key_file, " -out ", certificate.cert_file, " 2>&1");
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return certificate;
}

}  // namespace campaign::contract
