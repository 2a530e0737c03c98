#include "system/serve/json_web_key.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::HasSubstr;

/// Of RFC 7515, appendix A: what is signed behind the header.
const std::string kPayload =
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

struct Signed {
  const char* key;
  const char* algorithm;
  std::string text;
  const char* signature;
};

/// RFC 7515, A.2 and A.3; RFC 8037, A.4.
const std::vector<Signed>& examples() {
  static const std::vector<Signed> all = {
      {R"({"kty":"RSA","e":"AQAB","n":")"
       "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0B"
       "m4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5"
       "z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7"
       "aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
       R"("})",
       "RS256", "eyJhbGciOiJSUzI1NiJ9" + kPayload,
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2F"
       "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
       "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMH"
       "lb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
       "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9"
       "QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
       R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       "ES256", "eyJhbGciOiJFUzI1NiJ9" + kPayload,
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
      {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       "EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"}};
  return all;
}

std::vector<JsonWebKey> keys_of(const std::string& key) {
  auto keys = read_json_web_keys("{\"keys\":[" + key + "]}");
  EXPECT_TRUE(keys.ok()) << key;
  return keys.ok() ? *std::move(keys) : std::vector<JsonWebKey>();
}

TEST(JsonWebKeyTest, ProvesTheExamplesOfTheStandards) {
  for (const Signed& one : examples()) {
    const std::vector<JsonWebKey> keys = keys_of(one.key);
    ASSERT_EQ(keys.size(), 1U);
    const std::string signature = *from_base64url(one.signature);
    EXPECT_TRUE(keys[0].proves(one.algorithm, one.text, signature)) << one.algorithm;
    EXPECT_FALSE(keys[0].proves(one.algorithm, one.text + "x", signature));
    for (size_t at = 0; at < signature.size(); at += 7) {
      std::string other = signature;
      other[at] = static_cast<char>(other[at] ^ 1);
      EXPECT_FALSE(keys[0].proves(one.algorithm, one.text, other)) << one.algorithm << " " << at;
    }
    EXPECT_FALSE(keys[0].proves(one.algorithm, one.text, ""));
    EXPECT_FALSE(keys[0].proves(one.algorithm, one.text, signature + "x"));
    // A key is good for the algorithms of its kind only, and none has a secret that is public.
    for (const char* const other : {"none", "HS256", "RS256", "ES256", "EdDSA", ""}) {
      if (other == std::string(one.algorithm)) continue;
      EXPECT_FALSE(keys[0].proves(other, one.text, signature)) << one.algorithm << " as " << other;
    }
  }
}

TEST(JsonWebKeyTest, LeavesOutWhatItCannotUse) {
  std::string set = R"({"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"RSA","e":"AQAB","n":"AQAB"},
    {"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"OKP","crv":"Ed25519","x":""},7)";
  EXPECT_THAT(read_json_web_keys(set + "]}").error().what, HasSubstr("none of the keys"));
  // A point that does not lie on the curve.
  set += R"(,{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"})";
  EXPECT_FALSE(read_json_web_keys(set + "]}").ok());
  std::string own = examples()[1].key;
  own.insert(1, R"("use":"enc",)");
  EXPECT_FALSE(read_json_web_keys(set + "," + own + "]}").ok());
  const auto keys = read_json_web_keys(set + "," + examples()[2].key + "]}");
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->size(), 1U);
  for (const char* const none : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", "<html>"}) {
    EXPECT_FALSE(read_json_web_keys(none).ok()) << none;
  }
}

TEST(JsonWebKeyTest, ReadsBase64urlInOneWayOnly) {
  EXPECT_EQ(*from_base64url(""), "");
  EXPECT_EQ(*from_base64url("Zg"), "f");
  EXPECT_EQ(*from_base64url("Zm8"), "fo");
  EXPECT_EQ(*from_base64url("Zm9v"), "foo");
  EXPECT_EQ(*from_base64url("-_8"), "\xfb\xff");
  for (const char* const none : {"Z", "Zm9vY", "Zh", "Zm9=", "Zm 9", "+/8"}) {
    EXPECT_FALSE(from_base64url(none).ok()) << none;
  }
}

}  // namespace
}  // namespace millgate
