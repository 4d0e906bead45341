"""Every limit and number of the system, each with its reason. The table at the end of the design is its contract."""

# The instant ------------------------------------------------------------------------------------
LEAD_MS = 600
"""From journal and amplifier relay to the first audible sample: warm-up 400 + silence 150 + start of the player."""
CLIP_SILENCE_MS = 150
"""Silence before each clip: converters mute their first samples."""
PLAYER_START_MS = 30
"""From starting a player to its first sample (aplay with a 100 ms buffer: 22 to 31 ms after fork)."""
PLAY_AHEAD_MS = CLIP_SILENCE_MS + PLAYER_START_MS
"""The player starts this long before the first audible sample."""
LATE_S = 60
"""Default of `until - at`: a Pi reboots in about 40 s."""
READY_LATE_S = 300
"""The same where classes report that they are ready: eight that do at once are called one after the other."""
LATE_RECORD_S = 2.0
"""A call begun later than this is recorded as late; below it nobody notices."""
REST_S = 3
"""Default of the least silence between two sentences, so that they are told apart."""
SAYING_GAP_S = 1.0
"""Silence between two sayings of one call."""
PLAYED_GRACE_S = 3.0
"""No answer from the player by the clip's length + this: the end is unknown."""
ATTEMPTS_MAX = 2
"""A sentence whose end is unknown is said once more, not oftener."""
ATTEMPTS_SILENT_MAX = 5
"""Attempts of which nothing sounded: tried again, but not for ever."""
ALERT_SAYINGS = 3
"""An alert is said this often with a short pause, then every `ALERT_EVERY_S`."""
ALERT_EVERY_S = 30.0
CUT_WITHIN_S = 0.5
"""A player that was cut lets go within 0.05 s; one that does not within this is asked to play all the same."""
CLEARS_MAX = 10
"""Alerts that replaced one another and are cleared by name, one message each."""
ALERTS_KEPT = 200
"""Alerts the centre works with, the newest; its store keeps all."""
DRILL_MAX_S = 3600.0
"""A drill without an end of its own ends after this."""
WHY_MAX = 200
"""Characters of a problem's reason."""
CALLED_LATE_S = 120
"""`until - at` of what a person calls now: eight presses in a row, each said twice, are over in less."""
GAPS_MAX = 20
"""Spans without a clock that a gate tells apart; of more the oldest count as time like any other."""
HOLD_MOVES_MAX_S = 3600
"""A hold inside a window moves its `closes` by at most this: nobody left inside, and an end."""
MAX_WAIT_S = 90
"""Default of how long a guarded or ready window waits for a person: one late class does not block a school."""
BACK_AFTER_S = 5
"""What is brought back after its instant is not called before this: time for everybody to look up."""
SAME_PEAK_S = 3600
"""Two calls of a class no further apart belong to the same dismissal."""
BOOT_PAUSE_S = 3.0
"""After a start a gate waits at most this long for the standing alert, days and holds."""
LIVE_AHEAD_S = 2.0
"""The live cue leaves the centre this long before its cue: publishing 9,000 takes 0.4 to 3 s."""
SELF_CHECK_S = 15 * 60
"""A gate checks itself this long before a window: time to send somebody."""

# Clock ------------------------------------------------------------------------------------------
TOLERANCE_S = 30.0
"""No call without a clock error bound inside this: 6.9 days without any source at 50 ppm."""
DRIFT_PPM = 50.0
"""What a Pi's crystal may be off."""
BOUND_SHOWN_S = 0.5
BOUND_PROBLEM_S = 10.0
ASK_BURST = 8
"""Exchanges after a connect; the best counts."""
ASK_BURST_EVERY_S = 0.25
ASK_EVERY_S = 300.0
"""Between exchanges afterwards: 50 ppm of it is 15 ms."""
ASK_AGAIN_S = 5.0
"""While nothing vouches, or soon nothing will, a gate asks this often: the centre may come later than the gate, and an
owner confirm its time at any moment. An answer that took longer waited somewhere; half of that is no error to call
classes with.
"""
CLOCK_STEP_S = 0.1
"""A change of (wall - monotonic) above this is a step of the wall clock; slewing changes neither."""
CLOCK_SAME_S = 0.001
"""A smaller change of it is the reading's own."""
CLOCK_READS = 10
"""Tries to read both clocks without being put aside between them."""
DISAGREE_S = 2.0
"""Two sources of time further apart than this and both their bounds: one of them is wrong."""
KERNEL_EVERY_S = 10.0
"""Between two looks at the kernel's synchronisation."""
KERNEL_ERROR_S = 0.5
"""Added to the kernel's own bound: systemd-timesyncd says 0 when it has just synchronised, and slews up to 0.4 s."""
CHIP_EVERY_S = 600.0
"""Between two readings of the clock chip; what it shows in whole seconds is carried by the monotonic clock."""
CHIP_SET_EVERY_S = 24 * 3600
CHIP_SET_BOUND_S = 5.0
"""The chip is set only from a time no worse than this: an owner's confirmation of today is good enough."""
ANCHOR_KEPT_S = 3600.0
"""Between two entries of the journal that let a restarted process go on: an hour costs 0.18 s of the bound."""
OWNER_ERROR_S = 2.0
"""Error of a page's time that an owner compared with a watch."""
OWNER_VALID_S = 6 * 24 * 3600
"""An owner's confirmation vouches this long: during the seventh day a crystal's drift leaves `TOLERANCE_S`."""
WIRE_INSTANT_S = 0.001
"""Instants on the wire carry milliseconds."""

# The loop ---------------------------------------------------------------------------------------
TICK_MAX_S = 1.0
"""The loop waits at most this long, so that a step of the wall clock is noticed."""
INBOX_MAX = 1000
"""Events waiting for the one loop; a full inbox refuses the newest."""

# The wire ---------------------------------------------------------------------------------------
GAIN_MIN_DB, GAIN_MAX_DB = -24, 12
"""Of a gate, a window and an hour together. At the least a class call is still heard in a quiet street: a plan cannot
silence a gate but by `quiet`."""
GATE_DAY_MAX_BYTES = 192 * 1024
MESSAGE_MAX_BYTES = 16 * 1024
CUES_MAX = 500
CLASSES_A_CUE_MAX = 100
WINDOWS_MAX = 24
HOLDS_MAX = 100
CHANGES_SHOWN = 30
"""Changes on the page, the newest first."""
PROBLEMS_SHOWN = 20
"""Of a gate, on the page: the newest."""
LIVE_MAX = 50
"""Live cues a gate without the day keeps."""
NAME_MAX = 64
SAY_MAX = 200
"""Characters of one sentence: above it no slot holds it."""
HORIZON_DAYS = 14
STATUS_EVERY_S = 30.0
LOST_AFTER_S = 90.0
STATUS_LEAST_S = 1.0
"""A status is sent, and answered, at most once in this time: no storms between two that disagree."""
STATUS_RETRY_S = 5.0
"""An unanswered status after a connect is sent again this often."""
EVENT_RECORDS_MAX = 20
"""Records in one event message."""
EVENT_RETRY_S = 5.0
"""An event without an ack is sent again this often."""
OUTBOX_DAYS = 14
"""Records stay in the gate's journal this long after their ack."""
OUTBOX_MAX = 5000
"""Entries of a gate's outbox, 2 MB: 14 days of 350 calls; above it the oldest are lost, and a Problem tells it."""
STOPPED_MAX = 20
"""Messages set aside because they stopped the program."""
JOURNAL_LINES_MAX = 2000
"""A journal with more lines is made new without waiting for the night: 0.3 s to replay on a slow card."""
JOURNAL_CALM_S = 60.0
"""The journal is made new (a second on a slow card) only when nothing is due for this long."""
JOURNAL_GAP_S = 10.0
"""While it could not be made new: tried again after this long, when nothing is due for as long."""
JOURNAL_RETRY_S = 3600.0
"""What could not be made new, on a full card, is tried again after this."""
PLAN_RETRY_S = 300.0
"""A plan that counts from tomorrow is tried again after this."""

# The process ------------------------------------------------------------------------------------
STOP_SAYING_S = 30.0
"""Told to end, a gate lets the sentence that is being said end, for at most this long: `CLIP_MAX_S`."""
PLAYER_STOP_S = 1.0
"""A player that was cut ends within 0.05 s; one that hangs in its device is left behind by a program that ends."""
WATCHDOG_FEEDS = 4
"""The watchdog is fed this often within its time, so that a slow turn or two is no stall."""

# The buttons ------------------------------------------------------------------------------------
DEBOUNCE_S = 0.03
"""A level that stood for this long counts: contacts bounce for 5 to 20 ms."""
PRESS_AGAIN_S = 1.0
"""Presses closer than this are one: nobody holds and resumes within a second."""
KEPT_S = 10.0
"""`hold` kept down this long silences the voice of an alert."""
STUCK_S = 30.0
"""A button that is down for this long is stuck."""
REFUSED_S = 1.5
"""The amber lamp flashes this long when a press was refused."""
BUTTON_GLITCH_S = 0.002
"""The pins themselves pass over shorter pulses, so that a bad wire cannot flood the loop."""
UNREPORTED_AFTER_S = 120
"""After `closes` + this the centre writes `unreported` for each cue without a final record."""

# The plan ---------------------------------------------------------------------------------------
PLAN_MAX_BYTES = 512 * 1024
"""A plan file; 72 classes at 4 gates need 10 KiB."""
NATIONAL_MAX_BYTES = 64 * 1024
"""A national table; three years of China need 3 KiB."""
PLAN_DAY_MAX_BYTES = 128 * 1024
"""A GateDay as the plan alone makes it: the rest of a message's bytes is for the holds and changes of the day."""
GATES_MAX = 50
ZONES_MAX = 200
CLASS_ENTRIES_MAX = 500
"""Grades and single classes of a plan."""
BASES_MAX = 4
"""Base plans above one another: a province's, a city's, a district's."""
CALLS_MAX = 100
"""Explicit calls, and notices, of a window."""
DAY_TYPES_MAX = 50
GROUPS_MAX = 300
"""Groups of a plan: siblings, buses, clubs."""
CAMPUSES_MAX = 20
WORKBOOK_MAX_BYTES = 2 * 1024 * 1024
"""A plan as an Excel file; the largest sample has 20 KiB."""
WORKBOOK_UNPACKED_MAX_BYTES = 24 * 1024 * 1024
WORKBOOK_PARTS_MAX = 200
WORKBOOK_SMALL_BYTES = 1024 * 1024
WORKBOOK_RATIO_MAX = 100
"""A part larger than the bytes before is at most so many times smaller when packed; honest sheets: 5 to 20."""
WORKBOOK_SHEETS_MAX = 40
WORKBOOK_ROWS_MAX = 3000
"""Of a sheet: 24 windows of 100 calls."""
WORKBOOK_COLUMNS_MAX = 60
QUIET_UNTIL_S = 7 * 3600
QUIET_FROM_S = 21.5 * 3600
NOON_REST_S = 12.5 * 3600
NOON_REST_ENDS_S = 13.5 * 3600
"""Seconds of the day: neighbours rest before, after and between these; a plan that speaks then is asked whether so."""
SIGN_S = 0.4
"""What a sign of a sentence lasts: "请注意，三年级一班正在放学。" takes 4.7 to 6.9 s."""
SEGMENT_CLEAR_S = 20.0
"""A class of 45, two abreast, has passed a door or a flight of stairs."""
ID_MAX = 32
"""Characters of an identifier."""

# Transport --------------------------------------------------------------------------------------
KEEPALIVE_S = 15
"""Finds a dead peer in about 1.7 times this."""
RECONNECT_MIN_S = 1.0
RECONNECT_MAX_S = 60.0
"""Full jitter between the two, for ever."""
PORT_TRIES = 5
"""Ports tried for an embedded broker when another program takes the free one first."""
LINK_STABLE_S = 10.0
"""A link that lived shorter does not reset the waits between attempts: two clients of one name throw each other out."""
LINK_WAIT_S = 10.0
"""From the beginning of an attempt to the last granted subscription."""
LINK_STALL_S = 60.0
"""A network thread that did not turn for this long counts as dead: looking up a name can take 30 s."""
NETWORK_TURN_S = 1.0
"""The network thread waits at most this long for its socket: keepalive is looked at this often."""
PUBLISH_INFLIGHT_MAX = 200
"""Messages sent to the broker and not yet acknowledged: 9,000 cues leave in 0.42 s with it, in 2.6 s without."""
PUBLISH_HANDED_MAX = 10_000
PUBLISH_HANDED_MAX_BYTES = 64 * 1024 * 1024
"""Messages, and their bytes, handed over and not acknowledged: one cue for each gate of a shard, 14 days for a few."""
STOP_FLUSH_S = 2.0
"""What was handed over may leave for this long when a transport stops."""
STOP_JOIN_S = 3.0
"""Flush and an orderly disconnect; a thread that looks up a name just then is left to end by itself."""
BROKER_INFLIGHT_MAX = 20
"""Messages a broker sends one client before it waits for an accept."""
BROKER_QUEUED_MAX = 1000
"""Messages a broker keeps for one client; it drops the newest above that."""
BROKER_PACKET_MAX_BYTES = 256 * 1024
"""The largest packet a broker takes: a GateDay, its signature and the topic fit."""
BROKER_START_S = 10.0
"""From starting an embedded broker to its first accepted connection (0.05 to 0.2 s here)."""
BROKER_STOP_S = 5.0
"""An embedded broker writes its memory and ends in this time, or is killed."""
BROKER_LOOK_MS = 10
"""Between two looks whether a starting broker takes connections."""
BROKER_WATCH_MS = 1000
"""Between two looks of an embedded broker's child at its parent's number; the closed pipe usually tells at once."""
BROKER_LAST_WORDS = 10
"""Lines of a broker's log that an error quotes."""

# Sound ------------------------------------------------------------------------------------------
RENDER_TIMEOUT_S = 60.0
"""One batch of sentences; a hanging engine is killed."""
RENDER_SLOW_TIMES = 5
"""So many times as long a slow engine may be silent: on a busy Pi it loads and proves itself for half a minute."""
RENDER_RETRY_S = 60.0
"""A sentence that could not be rendered is asked for again after this."""
RENDER_BETTER_S = 900.0
"""One that another engine spoke, after this: a recording that is no good stays so until somebody makes it anew."""
RENDER_BATCH = 8
"""Sentences asked of a speech child at once: what is urgent waits for few, and a fault costs few."""
CLIP_MIN_S = 0.5
CLIP_MAX_S = 30.0
SAYING_MAX_S = 27.5
"""A sentence in it, as it is estimated: silence and chime are in a clip too, and the engine may be slower."""
CLIP_LUFS = -16.0
CLIP_PEAK_DBFS = -1.0
CLIP_RATE_HZ = 22050
"""Samples a second of every clip, and of the raw stream of `player_wav`; mono, 16 bit."""
CLIP_CHECK_S = 10.0
"""Every so often one of the clips in use is read back from the disk, whole: 2,000 of them take 6 hours."""
CLIPS_SPARE_MAX = 200
"""Clips that this gate does not use now, the last asked for: 50 MB. Those it uses are not counted, and stay."""
CLIPS_KNOWN_MAX = 4000
"""Sentences in use that a renderer remembers, the last asked for: twice `RENDER_WAITING_MAX`."""
RENDER_FAILURES_MAX = 2
"""After so many children of one engine in a row that broke off, what waits is spoken by the next."""
RECORDINGS_MAX = 5000
"""WAV files in a school's folder of recordings."""
RECORDING_MAX_BYTES = 12 * 1024 * 1024
"""One of them: 30 s of 96 kHz in stereo."""
RENDER_WAITING_MAX = 2000
"""Sentences waiting for the speech child: 14 days of a large gate; more are refused."""
RENDER_NICE = 5
"""The speech child yields, but lives: 0.4 s of work took a minute beside three busy programs at 19, 15 s at 10."""
OWN_READINGS_MAX = 200
"""Readings that a school gives itself; with 32 signs and 64 letters each at most, they fit the pipe to the renderer."""
OWN_TEXT_MAX = 32
OWN_PINYIN_MAX = 64
CARD_LOOK_S = 60.0
"""Between two looks whether the card is there and not muted; each forks `amixer`, for 5 ms."""
MIXER_WITHIN_S = 1.0
"""A card tells its volumes in this time, or they are not known; `PLAYED_GRACE_S` holds it."""
PLAYED_EARLY_S = 0.3
PLAYED_LATE_S = 1.5
"""A clip that ended sooner than its length less the one, or later than with the other added, was not heard whole."""
FEED_CHUNK_S = 0.02
"""`player_wav` hands out samples in pieces of this length, so it is never further ahead of real time."""
RECORD_GAP_S = 0.06
"""A recorder fills a gap longer than this with silence; a shorter one is a late thread, not a pause."""
RECORD_MAX_S = 6 * 3600
"""One recording: 950 MB."""
FEED_LATE_S = 0.5
"""A piece handed out later than this is a hole in the sentence: not heard whole."""
FEED_PIPE_BYTES = 16 * 1024
"""Sound that waits in the pipe to aplay (0.37 s): it outlives a killed gate by no more than this and the buffer."""

# Console ----------------------------------------------------------------------------------------
CONSOLE_PORT = 8300
CONSOLE_BODY_MAX_BYTES = 8 * 1024
"""A wish is below 1 KB."""
CONSOLE_ANSWER_S = 5.0
"""The centre takes a wish within this, or the wish is taken back and asked again with the same key."""
CONSOLE_SUBSCRIBERS_MAX = 64
"""Open event streams: every phone of a school and some forgotten tabs."""
CONSOLE_CONNECTIONS_MAX = 128
VIEW_EVERY_S = 0.2
"""The state is made anew at most this often, however much happens."""
BEAT_S = 5.0
"""A line in a stream in which nothing else was said, so that nobody between closes it."""
STALE_S = 12.0
"""A page without news for this long says so and locks its buttons."""
CONSOLE_STOP_S = 2.0
"""Open answers may end within this; then the process ends."""
PAGE_TIME_OFF_S = 2.0
"""A page that shows another time than the centre's cannot confirm it."""
CLIENT_TRIES = 3
"""`fangxue change` asks so often with one key, then says that it does not know."""
CLIENT_ANSWER_S = 8.0
