"""What every process of baton needs: settings, logs, metrics and health. It imports nothing of ours."""
