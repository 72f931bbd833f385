#include "services/delivery/google_token.h"

#include <openssl/pem.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace campaign::delivery {
namespace {

// Google gives out tokens for an hour, and asks for that.
constexpr absl::Duration kLifetime = absl::Hours(1);
// A token must last for the calls that are made with it.
constexpr absl::Duration kMargin = absl::Minutes(1);
constexpr char kGrant[] = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct DigestDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::unique_ptr<EVP_PKEY, KeyDeleter> ParseKey(const std::string& pem) {
  const std::unique_ptr<BIO, BioDeleter> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::unique_ptr<EVP_PKEY, KeyDeleter> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (key != nullptr && EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) key = nullptr;
  return key;
}

// RSASSA-PKCS1-v1_5 with SHA-256. Empty if OpenSSL refuses.
std::string SignRs256(EVP_PKEY* key, absl::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, DigestDeleter> context(EVP_MD_CTX_new());
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) != 1) {
    return "";
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, text.size()) !=
      1) {
    return "";
  }
  signature.resize(size);
  return signature;
}

absl::Status Refused(const HttpResult& result) {
  if (!result.status.ok()) return absl::UnavailableError(result.status.message());
  const std::string text = absl::StrCat("the token server answered with status ", result.response.status);
  return result.response.status >= 500 ? absl::UnavailableError(text) : absl::PermissionDeniedError(text);
}

}  // namespace

absl::StatusOr<ServiceAccount> ParseServiceAccount(absl::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("service_account_file: is not JSON");
  ServiceAccount account;
  std::string pem;
  const std::pair<const char*, std::string*> fields[] = {{"client_email", &account.client_email},
                                                         {"private_key_id", &account.private_key_id},
                                                         {"private_key", &pem},
                                                         {"token_uri", &account.token_uri},
                                                         {"project_id", &account.project_id}};
  for (const auto& [name, value] : fields) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string() || found->get<std::string>().empty()) {
      return absl::InvalidArgumentError(absl::StrCat("service_account_file: has no ", name));
    }
    *value = found->get<std::string>();
  }
  RETURN_IF_ERROR(CheckUrl("service_account_file.token_uri", account.token_uri));
  account.private_key = ParseKey(pem);
  if (account.private_key == nullptr) {
    return absl::InvalidArgumentError("service_account_file: private_key is not an RSA key in PEM");
  }
  return account;
}

std::string SignJwt(const ServiceAccount& account, absl::string_view claims) {
  const nlohmann::json header = {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account.private_key_id}};
  const std::string text =
      absl::StrCat(absl::WebSafeBase64Escape(header.dump()), ".", absl::WebSafeBase64Escape(claims));
  return absl::StrCat(text, ".", absl::WebSafeBase64Escape(SignRs256(account.private_key.get(), text)));
}

GoogleToken::GoogleToken(ServiceAccount account, absl::string_view scope, const HttpSenderOptions& options,
                         HttpClient& client)
    : account_(std::move(account)), scope_(scope), options_(options), client_(client) {}

absl::StatusOr<std::string> GoogleToken::Get(absl::Time now) {
  absl::MutexLock lock(&mutex_);
  if (now >= expire_time_ - kMargin) RETURN_IF_ERROR(Fetch(now));
  return token_;
}

void GoogleToken::Forget(absl::string_view token) {
  absl::MutexLock lock(&mutex_);
  if (token == token_) expire_time_ = absl::InfinitePast();
}

absl::Status GoogleToken::Fetch(absl::Time now) {
  const int64_t issued = absl::ToUnixSeconds(now);
  const nlohmann::json claims = {{"iss", account_.client_email},
                                 {"scope", scope_},
                                 {"aud", account_.token_uri},
                                 {"iat", issued},
                                 {"exp", issued + absl::ToInt64Seconds(kLifetime)}};
  const HttpResult result = client_.Call({.url = account_.token_uri,
                                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                          .body = absl::StrCat(kGrant, SignJwt(account_, claims.dump())),
                                          .timeout = options_.timeout,
                                          .connect_timeout = options_.connect_timeout});
  if (!result.status.ok() || result.response.status != 200) return Refused(result);
  const nlohmann::json json = nlohmann::json::parse(result.response.body, nullptr, /*allow_exceptions=*/false);
  const auto token = json.is_object() ? json.find("access_token") : json.end();
  const auto lifetime = json.is_object() ? json.find("expires_in") : json.end();
  if (token == json.end() || !token->is_string() || lifetime == json.end() || !lifetime->is_number_integer()) {
    return absl::UnavailableError("the token server's answer has no token");
  }
  token_ = token->get<std::string>();
  expire_time_ = now + absl::Seconds(lifetime->get<int64_t>());
  return absl::OkStatus();
}

}  // namespace campaign::delivery
