"""What was said in the demo's workshop: an invented talk, as a recorder would save it."""

WORDS: list[tuple] = [  # who (host, guest or a third), what
    ("host", "Thanks for making the time, everybody. Shall we start with how a morning at the depot looks today?"),
    ("guest", "Sure. At five the drivers queue at the office, and each gets a printed list. That queue alone costs us "
              "about twenty minutes per driver."),
    ("third", "And when a customer calls in a change, somebody walks out to the yard with a pen. Half of the changes "
              "never reach the van."),
    ("host", "How many changes are there on a normal day?"),
    ("third", "Between thirty and forty. On Mondays it is closer to sixty."),
    ("guest", "Last month wrong addresses cost us €4,200 in second deliveries. That is what our director looks at."),
    ("host", "So the number to bring down is second deliveries. What would make you say after a pilot that it worked?"),
    ("guest", "If second deliveries fall by 30 % in four weeks, I can defend it. Below that it is a nice toy."),
    ("third", "For me it is the queue. If drivers leave by half past five, the afternoon shift starts on time."),
    ("host", "Then let us write both down: second deliveries down by 30 %, and drivers out by half past five."),
    ("guest", "Agreed. Which depot should go first?"),
    ("third", "The northern depot is smaller, twelve drivers, and the people there like to try things."),
    ("guest", "We have decided to run the pilot at the northern depot with twelve drivers."),
    ("host", "Good. We can start on 4 May if the addresses are with us a week before."),
    ("third", "I'll send the address list and the shift plan by Friday."),
    ("host", "Please add the phone numbers of the drivers, so that we can invite them to the app."),
    ("third", "Some of the drivers have very old phones. Will the app run on those?"),
    ("host", "It runs in the browser of any phone of the last eight years. I'll check the two oldest models and get back to "
             "you on Tuesday."),
    ("guest", "What does the pilot cost? I have to put a number in front of our director."),
    ("host", "The four weeks of the pilot are €1,900 for the whole depot, with training on site. After that it is €29 per "
             "driver and month."),
    ("guest", "That fits. Below €5,000 I may sign it myself."),
    ("third", "Who trains the drivers? They will not read a manual."),
    ("host", "We come at five in the morning for the first three days and stand next to them. Nobody reads a manual."),
    ("guest", "Then let's go with the training on site. And keep the paper lists for the first week, in case of trouble."),
    ("host", "Paper lists for the first week, fine. I'll put together the contract for the pilot and send it by Thursday."),
    ("guest", "Could you also write half a page for our works council? They will ask what is recorded of the drivers."),
    ("host", "Of course. Stops and times, no positions between the stops. I'll write it down and share it with the contract."),
    ("third", "Let's look at the first numbers together after two weeks, on 18 May."),
    ("host", "I'll book a room for 18 May and invite you both. Anything that we have missed?"),
    ("guest", "No. Second deliveries, the queue, the northern depot, 4 May. Thank you, this was useful."),
]


def talk(host, guest):
    """The talk between `host` and `guest` (names) as the bytes of a WebVTT file of half an hour."""
    names = {"host": host, "guest": guest, "third": "Marta Lindqvist"}
    lines, at = ["WEBVTT", ""], 4
    for n, (who, words) in enumerate(WORDS):
        end = at + 2 + len(words.split()) // 2
        lines += [f"{stamp(at)} --> {stamp(end)}", f"<v {names[who]}>{words}", ""]
        at = end + 34 + n % 7 * 5
    return "\n".join(lines).encode()


def stamp(seconds):
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"
