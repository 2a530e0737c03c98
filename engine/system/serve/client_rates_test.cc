#include "system/serve/client_rates.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <thread>
#include <vector>

#include "ground/random.h"

namespace millgate {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr microseconds kNow(0);

TEST(ClientRates, AsManyAtOnceAsInASecondAndThenOneByOne) {
  ClientRates rates;
  ClientRates::Time now{seconds(100)};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(rates.take("a", 5, now), kNow) << i;
  EXPECT_EQ(rates.take("a", 5, now), milliseconds(200));
  EXPECT_EQ(rates.take("b", 5, now), kNow);  // Another client has its own.
  now += milliseconds(199);
  EXPECT_EQ(rates.take("a", 5, now), milliseconds(1));
  now += milliseconds(1);
  EXPECT_EQ(rates.take("a", 5, now), kNow);
  EXPECT_EQ(rates.take("a", 5, now), milliseconds(200));
  now += seconds(60);  // A pause gives one second's worth, not sixty.
  int taken = 0;
  while (rates.take("a", 5, now) == kNow) ++taken;
  EXPECT_EQ(taken, 5);
}

TEST(ClientRates, LessThanOneASecond) {
  ClientRates rates;
  const ClientRates::Time now{seconds(7)};
  EXPECT_EQ(rates.take("a", 0.1, now), kNow);
  EXPECT_EQ(rates.take("a", 0.1, now), seconds(10));
  EXPECT_EQ(rates.take("a", 0.1, now + milliseconds(9'999)), milliseconds(1));
  EXPECT_EQ(rates.take("a", 0.1, now + seconds(10)), kNow);
}

/// Against a bucket of tokens that fills as time goes on.
TEST(ClientRates, EqualsABucketOfTokens) {
  Random random(3);
  for (const double rate : {0.5, 1.0, 8.0, 250.0}) {
    ClientRates rates;
    const double size = std::max(1.0, rate);
    double tokens = size;
    int64_t micros = 1'000'000;
    int64_t filled = micros;
    for (int i = 0; i < 5'000; ++i) {
      // Not where rounding of the last microsecond decides.
      micros += static_cast<int64_t>(random.below(static_cast<uint64_t>(3e6 / rate))) / 1000 * 1000;
      tokens = std::min(size, tokens + static_cast<double>(micros - filled) * rate / 1e6);
      filled = micros;
      const microseconds wait = rates.take("a", rate, ClientRates::Time{microseconds(micros)});
      EXPECT_EQ(wait == kNow, tokens > 1 - 1e-6) << rate << ' ' << i;
      if (wait == kNow) {
        tokens -= 1;
      } else {
        EXPECT_NEAR(static_cast<double>(wait.count()), (1 - tokens) * 1e6 / rate, 2);
      }
    }
  }
}

TEST(ClientRates, ThreadsTogetherGetNoMore) {
  ClientRates rates;
  const ClientRates::Time now{seconds(1)};
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) taken += rates.take("a", 100, now) == kNow ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 100);
}

TEST(ClientRates, ACrowdIsForgottenAndShutsNobodyOut) {
  ClientRates rates;
  ClientRates::Time now{seconds(1)};
  const auto ask_once = [&] {
    for (size_t i = 0; i < 2 * ClientRates::kClientsMax; ++i) {
      ASSERT_EQ(rates.take("client " + std::to_string(i), 1, now), kNow);
    }
  };
  ask_once();
  EXPECT_GT(rates.take("client 0", 1, now), kNow);  // Who is known is still held to it.
  now += seconds(2);
  ask_once();  // Those before are forgotten.
}

}  // namespace
}  // namespace millgate
