/*
 * A clock that runs FAST_CLOCK_RATE times as fast for every process it is preloaded into, beginning at one moment of
 * the real clock: time dilation (Gupta et al., "To Infinity and Beyond: Time-Warped Network Emulation", NSDI 2006),
 * towards the fast. What a process reads of clocks is stretched, what it sleeps is shortened by as much, so timeouts,
 * leases, schedules and minutes keep their proportions; only the machine is that much slower for it.
 *
 * FAST_CLOCK_BEGIN_MS: real Unix time from which on it runs fast; FAST_CLOCK_SHIFT_MS: added to dates all the time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int64_t ns;
#define SECOND 1000000000LL
#define REAL(name) ((__typeof__(&name))real(#name))

static double rate = 1;
static ns begin_date, begin_monotonic, shift;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }
static int (*clock_read)(clockid_t, struct timespec *);

static ns of_timespec(const struct timespec *t) { return t->tv_sec * SECOND + t->tv_nsec; }
static struct timespec timespec_of(ns t) {
  struct timespec result = { t / SECOND, t % SECOND };
  return result;
}

static ns read_real(clockid_t clock) {
  struct timespec t;
  if (!clock_read) clock_read = real("clock_gettime");
  clock_read(clock, &t);
  return of_timespec(&t);
}

static ns of_env(const char *name) { const char *text = getenv(name); return text ? atoll(text) * 1000000LL : 0; }

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("FAST_CLOCK_RATE");
  begin_date = of_env("FAST_CLOCK_BEGIN_MS");
  shift = of_env("FAST_CLOCK_SHIFT_MS");
  begin_monotonic = read_real(CLOCK_MONOTONIC) + begin_date - read_real(CLOCK_REALTIME);
  rate = text ? atof(text) : 1;
}

static ns stretched(ns t, ns from) { return t <= from ? t : from + (ns)((t - from) * rate); }
static ns shrunk(ns t, ns from) { return t <= from ? t : from + (ns)((t - from) / rate); }

/* How long to sleep for what is `d` on the fast clock. */
static ns shortened(ns d) {
  if (d <= 0) return d;
  ns now = read_real(CLOCK_MONOTONIC);
  return shrunk(stretched(now, begin_monotonic) + d, begin_monotonic) - now;
}

static int is_date(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }
static int is_monotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  if (!clock_read) clock_read = real("clock_gettime");
  int answer = clock_read(clock, t);
  if (answer == 0 && is_date(clock)) *t = timespec_of(stretched(of_timespec(t), begin_date) + shift);
  if (answer == 0 && is_monotonic(clock)) *t = timespec_of(stretched(of_timespec(t), begin_monotonic));
  return answer;
}
int gettimeofday(struct timeval *t, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *t) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (t) *t = now.tv_sec;
  return now.tv_sec;
}

static int sleep_for(ns d) {
  struct timespec t = timespec_of(shortened(d));
  return REAL(nanosleep)(&t, NULL);
}
int nanosleep(const struct timespec *wanted, struct timespec *left) {
  int answer = sleep_for(of_timespec(wanted));
  if (answer != 0 && left) *left = *wanted;
  return answer;
}
int usleep(useconds_t us) { return sleep_for(us * 1000LL); }
unsigned sleep(unsigned seconds) { return sleep_for(seconds * SECOND) == 0 ? 0 : seconds; }
int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left) {
  struct timespec now;
  if (!(flags & TIMER_ABSTIME)) return nanosleep(wanted, left);
  clock_gettime(clock, &now);
  return sleep_for(of_timespec(wanted) - of_timespec(&now));
}

/* Rounded up: a wait of a millisecond that became none would spin. */
static int shortened_ms(int ms) { return ms <= 0 ? ms : (int)((shortened(ms * 1000000LL) + 999999) / 1000000); }

int poll(struct pollfd *fds, nfds_t n, int ms) { return REAL(poll)(fds, n, shortened_ms(ms)); }
int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *wanted, const sigset_t *mask) {
  struct timespec t;
  if (wanted) t = timespec_of(shortened(of_timespec(wanted)));
  return REAL(ppoll)(fds, n, wanted ? &t : NULL, mask);
}
int select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *wanted) {
  struct timeval t;
  if (wanted) {
    ns d = shortened(wanted->tv_sec * SECOND + wanted->tv_usec * 1000LL);
    t.tv_sec = d / SECOND;
    t.tv_usec = d % SECOND / 1000;
  }
  return REAL(select)(n, r, w, e, wanted ? &t : NULL);
}
int epoll_wait(int fd, struct epoll_event *events, int max, int ms) {
  return REAL(epoll_wait)(fd, events, max, shortened_ms(ms));
}
int epoll_pwait(int fd, struct epoll_event *events, int max, int ms, const sigset_t *mask) {
  return REAL(epoll_pwait)(fd, events, max, shortened_ms(ms), mask);
}

/* A deadline may be of either clock; dates are far beyond the seconds since a machine was started. */
static struct timespec real_deadline(const struct timespec *deadline) {
  ns t = of_timespec(deadline);
  return timespec_of(t > begin_date / 2 ? shrunk(t - shift, begin_date) : shrunk(t, begin_monotonic));
}
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline) {
  struct timespec t = real_deadline(deadline);
  return REAL(pthread_cond_timedwait)(cond, mutex, &t);
}
int sem_timedwait(sem_t *sem, const struct timespec *deadline) {
  struct timespec t = real_deadline(deadline);
  return REAL(sem_timedwait)(sem, &t);
}

static struct timeval shortened_timeval(struct timeval t) {
  ns d = shortened(t.tv_sec * SECOND + t.tv_usec * 1000LL);
  struct timeval result = { d / SECOND, d % SECOND / 1000 };
  return result;
}
int setitimer(__itimer_which_t which, const struct itimerval *wanted, struct itimerval *before) {
  struct itimerval t = { shortened_timeval(wanted->it_interval), shortened_timeval(wanted->it_value) };
  return REAL(setitimer)(which, &t, before);
}
