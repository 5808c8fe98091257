class Job:
    def enqueue(self):
        return None
