// Clang's thread safety attributes: which mutex guards a member, and which locks a function needs.
//
// Clang checks them with -Wthread-safety; other compilers see nothing. Use them with Mutex
// (uring/mutex.h), since the standard library's mutexes have no attributes.
//
//   Mutex mutex_;
//   std::size_t waiting_ GUARDED_BY(mutex_) = 0;  // read and written only while mutex_ is held
//   void wake() REQUIRES(mutex_);                 // called only while mutex_ is held
//
// A lambda is checked as a function of its own that holds no lock. Therefore a condition is tested
// in a loop around CondVar::wait() and not in a predicate. Constructors and destructors are not
// checked.
#pragma once

#if defined(__clang__)
#define QUOIT_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define QUOIT_THREAD_ATTRIBUTE(x)
#endif

// A class whose objects can be held: a lock, or the role of being one certain thread.
#define CAPABILITY(name) QUOIT_THREAD_ATTRIBUTE(capability(name))
// A class that acquires a capability in its constructor and releases it in its destructor.
#define SCOPED_CAPABILITY QUOIT_THREAD_ATTRIBUTE(scoped_lockable)

// A member that is accessed only while the capability is held; for a pointer, what it points to.
#define GUARDED_BY(capability) QUOIT_THREAD_ATTRIBUTE(guarded_by(capability))
#define PT_GUARDED_BY(capability) QUOIT_THREAD_ATTRIBUTE(pt_guarded_by(capability))

// A function whose caller holds the capability, or must not hold it.
#define REQUIRES(...) QUOIT_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) QUOIT_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

// A function that acquires or releases the capability; without an argument, that of its object.
#define ACQUIRE(...) QUOIT_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) QUOIT_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
// A function that acquires it when it returns the first argument.
#define TRY_ACQUIRE(...) QUOIT_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))

// A function that Clang does not check, with the reason in a comment.
#define NO_THREAD_SAFETY_ANALYSIS QUOIT_THREAD_ATTRIBUTE(no_thread_safety_analysis)
